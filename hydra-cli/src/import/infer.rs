//! What type a column of text has, decided over all of its cells: a number only if every cell can be printed back
//! with the same value. It knows nothing about files; a column costs constant memory.
#![forbid(unsafe_code)]

use super::time::{self, Reading, Time};
use std::fmt;
use std::rc::Rc;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    I64,
    U64,
    F64,
    Bool,
    Text,
    /// A moment in UTC, in units of ten to the exponent seconds.
    Time(i8),
    Date,
}

/// What one cell can be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    Int(i128),
    Float,
    /// `NaN`, `inf`, `-inf`: a float, in a column that has other numbers.
    Special,
    Bool,
    Time(Time),
    Date,
    Text,
    /// It reads like something, but printing that would not give the cell back.
    Odd(&'static str),
}

/// What the cells of a column can be said to be, as a position in [`SORTS`].
const NUMBER: usize = 0;
const BOOL: usize = 1;
const TIME: usize = 2;
const DATE: usize = 3;
const TEXT: usize = 4;
const ODD: usize = 5;
const SORTS: [&str; 6] = ["a number", "a bool", "a timestamp", "a date", "text", "text"];

/// A place that a cell is said to be at: its line, and its file where there are several.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) line: u64,
    pub(crate) file: Option<Rc<str>>,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        self.file.as_ref().map_or(Ok(()), |file| write!(f, " of {file}"))
    }
}

/// A cell that decided something: its place and its text.
#[derive(Clone, Debug)]
struct Witness {
    spot: Spot,
    cell: String,
    why: &'static str,
}

impl Witness {
    fn new(spot: &Spot, cell: &str, why: &'static str) -> Witness {
        let mut shown: String = cell.chars().take(40).collect();
        if shown.len() < cell.len() {
            shown.push('…');
        }
        Witness { spot: spot.clone(), cell: shown, why }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {} {}", self.cell, self.spot, self.why)
    }
}

/// What is known of a column so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guess {
    nulls: u64,
    /// How many cells there are of each sort, and the first of them.
    counts: [u64; 6],
    firsts: [Option<Witness>; 6],
    floats: u64,
    specials: u64,
    min: i128,
    max: i128,
    /// An integer that f64 does not hold exactly: matters only beside floats.
    inexact: Option<Witness>,
    /// The earliest and the latest second, and the unit that all fractions fit.
    seconds: Option<(i64, i64)>,
    unit: i8,
    mixed_texts: bool,
}

impl Guess {
    /// Takes in a null cell.
    pub(crate) fn add_null(&mut self) {
        self.nulls += 1;
    }

    /// Takes in a cell.
    pub(crate) fn add(&mut self, cell: &str, spot: &Spot) {
        let (sort, why) = match classify(cell) {
            Class::Int(int) => {
                (self.min, self.max) = (self.min.min(int), self.max.max(int));
                if int.unsigned_abs() > 1 << 53 && self.inexact.is_none() && !prints_back(cell) {
                    self.inexact = Some(Witness::new(spot, cell, "has more digits than f64 keeps"));
                }
                (NUMBER, "")
            }
            Class::Float => {
                self.floats += 1;
                (NUMBER, "")
            }
            Class::Special => {
                self.specials += 1;
                return;
            }
            Class::Bool => (BOOL, ""),
            Class::Time(time) => {
                let (first, last) = self.seconds.unwrap_or((time.seconds, time.seconds));
                self.seconds = Some((first.min(time.seconds), last.max(time.seconds)));
                let fits = |unit: &i8| Time { seconds: 0, ..time }.units(*unit).is_some();
                self.unit = [0, -3, -6].into_iter().find(fits).unwrap_or(-9).min(self.unit);
                (TIME, "")
            }
            Class::Date => (DATE, ""),
            Class::Text => (TEXT, ""),
            Class::Odd(why) => (ODD, why),
        };
        self.counts[sort] += 1;
        let first = self.firsts[sort].get_or_insert_with(|| Witness::new(spot, cell, why));
        if sort == TEXT && !self.mixed_texts {
            self.mixed_texts = first.cell != cell;
        }
    }

    /// True if a cell was null.
    pub(crate) fn is_optional(&self) -> bool {
        self.nulls > 0
    }

    /// The type, and a word if the column stays text although most of it looks like something else.
    pub(crate) fn decide(&self) -> (Type, Option<String>) {
        let typed: Vec<usize> = (NUMBER..=DATE).filter(|&sort| self.counts[sort] > 0).collect();
        // Without another number, `NaN` is a text.
        let stray = self.specials > 0 && self.counts[NUMBER] == 0;
        match (self.counts[TEXT], &self.firsts[ODD], typed.as_slice()) {
            (0, Some(odd), []) if !stray => (Type::Text, Some(odd.to_string())),
            (0, Some(odd), [_]) if !stray => (Type::Text, Some(odd.to_string())),
            (0, None, &[sort]) if !stray => self.decide_sort(sort),
            (_, _, typed) => (Type::Text, self.mixture(typed)),
        }
    }

    fn decide_sort(&self, sort: usize) -> (Type, Option<String>) {
        match sort {
            BOOL => (Type::Bool, None),
            DATE => (Type::Date, None),
            TIME => self.decide_time(),
            _ if self.floats + self.specials > 0 => match &self.inexact {
                Some(witness) => (Type::Text, Some(witness.to_string())),
                None => (Type::F64, None),
            },
            _ if self.max <= i64::MAX.into() => (Type::I64, None),
            _ if self.min >= 0 => (Type::U64, None),
            _ => {
                let why = format!("no 64-bit integer holds both {} and {}", self.min, self.max);
                (Type::Text, Some(why))
            }
        }
    }

    /// Nanoseconds; a coarser unit where 64 bits of them do not reach, and the cells need none.
    fn decide_time(&self) -> (Type, Option<String>) {
        let reaches = |unit: &i8| {
            let (first, last) = self.seconds.unwrap_or_default();
            // A second more, for the fraction.
            let ends = [first, last.saturating_add(1)];
            *unit <= self.unit
                && ends.iter().all(|&seconds| Time { seconds, nanos: 0 }.units(*unit).is_some())
        };
        match [-9, -6, -3, 0].into_iter().find(reaches) {
            Some(unit) => (Type::Time(unit), None),
            None => {
                (Type::Text, Some("years beyond 2262 and nanoseconds do not fit 64 bits together".into()))
            }
        }
    }

    /// Why a column with several sorts of cells stays text, if at least half of it is not.
    fn mixture(&self, typed: &[usize]) -> Option<String> {
        let texts = self.counts[TEXT];
        let others = typed.iter().map(|&sort| self.counts[sort]).sum::<u64>() + self.counts[ODD];
        let (Some(text), true) = (&self.firsts[TEXT], others >= texts) else {
            let [left, right] = typed.get(..2)? else { return None };
            return (texts == 0).then(|| format!("{} and {}", self.example(*left), self.example(*right)));
        };
        let &[sort] = typed else {
            return (others > 0).then(|| format!("{} is no number or time", self.example(TEXT)));
        };
        if self.mixed_texts || self.counts[ODD] > 0 || others == texts {
            return Some(format!("{} is not {}", self.example(TEXT), SORTS[sort]));
        }
        let total = others + self.specials + texts + self.nulls;
        let Witness { cell, spot, .. } = text;
        Some(format!(
            "{texts} of {total} cells are {cell:?}, the first in {spot}; --null '{cell}' reads them as null"
        ))
    }

    /// The first cell of a sort, and its place.
    fn example(&self, sort: usize) -> String {
        let Some(Witness { cell, spot, .. }) = &self.firsts[sort] else { return String::new() };
        let sort = if sort == TEXT { String::new() } else { format!(" is {}", SORTS[sort]) };
        format!("{cell:?} in {spot}{sort}")
    }
}

fn classify(cell: &str) -> Class {
    let Some(first) = cell.bytes().next() else { return Class::Text };
    match first {
        b'0'..=b'9' => match time::read(cell) {
            Some(Reading::Time(time)) => Class::Time(time),
            Some(Reading::Date(_)) => Class::Date,
            Some(Reading::Odd(why)) => Class::Odd(why),
            None => classify_number(cell),
        },
        b'-' if cell == "-inf" => Class::Special,
        b'-' | b'.' => classify_number(cell),
        b'+' | b' ' | b'\t' => {
            let trimmed = cell.trim_matches([' ', '\t']);
            let number = Decimal::parse(trimmed.strip_prefix('+').unwrap_or(trimmed)).is_some();
            match number {
                true if trimmed.len() < cell.len() => Class::Odd("has blanks around the number"),
                true => Class::Odd("has a plus sign"),
                false => Class::Text,
            }
        }
        b't' | b'f' if matches!(cell, "true" | "false") => Class::Bool,
        b'N' | b'i' if matches!(cell, "NaN" | "inf") => Class::Special,
        _ => Class::Text,
    }
}

/// What most numbers are, without a detour: up to fifteen digits with a point among them or none, no leading zero.
fn classify_short(cell: &str) -> Option<Class> {
    let digits = cell.as_bytes();
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    let (mut number, mut points) = (0i64, 0);
    for &digit in digits.get(..digits.len().min(17))? {
        match digit {
            b'0'..=b'9' => number = number * 10 + i64::from(digit - b'0'),
            b'.' => points += 1,
            _ => return None,
        }
    }
    let plain = match digits {
        [b'0', b'.', ..] | [b'1'..=b'9', ..] | [b'0'] => points < 2 && digits.len() <= 15 && cell != "-0",
        _ => false,
    };
    let number = if digits.len() < cell.len() { -number } else { number };
    plain.then(|| if points == 0 { Class::Int(number.into()) } else { Class::Float })
}

fn classify_number(cell: &str) -> Class {
    if let Some(class) = classify_short(cell) {
        return class;
    }
    let Some(decimal) = Decimal::parse(cell) else {
        let blanks = Decimal::parse(cell.trim_end_matches([' ', '\t'])).is_some();
        return if blanks { Class::Odd("has blanks around the number") } else { Class::Text };
    };
    if decimal.leading_zero {
        return Class::Odd("has a leading zero");
    }
    if decimal.integer && cell != "-0" {
        return match cell.parse::<i128>() {
            Ok(int) if (i64::MIN.into()..=u64::MAX.into()).contains(&int) => Class::Int(int),
            _ => Class::Odd("needs more than 64 bits"),
        };
    }
    if prints_back(cell) { Class::Float } else { Class::Odd("has more digits or range than f64 keeps") }
}

/// True if the float that the cell reads as, printed, is the same number.
pub(crate) fn prints_back(cell: &str) -> bool {
    let Some(decimal) = Decimal::parse(cell) else { return false };
    let point = decimal.exponent.saturating_add(decimal.digits.len() as i64);
    if decimal.digits.is_empty() || (decimal.digits.len() <= 15 && (-300..300).contains(&point)) {
        return true; // fifteen digits always survive f64
    }
    let Ok(float) = cell.parse::<f64>() else { return false };
    float.is_finite() && Decimal::parse(&format!("{float:e}")).is_some_and(|printed| printed.equals(&decimal))
}

/// A decimal number, exactly: digits without zeros at either end, times ten to the exponent.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
    /// Written without a point and an exponent.
    integer: bool,
    leading_zero: bool,
}

impl Decimal {
    fn equals(&self, other: &Decimal) -> bool {
        (self.negative, &self.digits, self.exponent) == (other.negative, &other.digits, other.exponent)
    }

    fn parse(text: &str) -> Option<Decimal> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.find('.') {
            Some(at) => (&mantissa[..at], Some(&mantissa[at + 1..])),
            None => (mantissa, None),
        };
        let fraction_digits = fraction.unwrap_or("");
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction_digits.len() == 0 || !all_digits(whole) || !all_digits(fraction_digits) {
            return None;
        }
        let mut power = match exponent {
            Some(text) => {
                let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
                if digits.is_empty() || digits.len() > 9 || !all_digits(digits) {
                    return None;
                }
                text.parse::<i64>().ok()?
            }
            None => 0,
        };
        power -= fraction_digits.len() as i64;
        let all: Vec<u8> = whole.bytes().chain(fraction_digits.bytes()).collect();
        let zeros = all.iter().take_while(|&&digit| digit == b'0').count();
        let mut digits = all[zeros..].to_vec();
        while digits.last() == Some(&b'0') {
            digits.pop();
            power += 1;
        }
        Some(Decimal {
            negative: text.len() > unsigned.len(),
            exponent: if digits.is_empty() { 0 } else { power },
            digits,
            integer: fraction.is_none() && exponent.is_none(),
            leading_zero: whole.len() > 1 && whole.starts_with('0'),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(cells: &[&str]) -> (Type, Option<String>) {
        let mut guess = Guess::default();
        cells.iter().zip(2..).for_each(|(cell, line)| guess.add(cell, &Spot { line, file: None }));
        guess.decide()
    }

    fn type_of(cells: &[&str]) -> Type {
        let (ty, word) = decide(cells);
        assert_eq!(word, None, "{cells:?}");
        ty
    }

    fn stays_text(cells: &[&str], why: &str) {
        let (ty, word) = decide(cells);
        assert_eq!(ty, Type::Text, "{cells:?}");
        assert!(word.as_deref().is_some_and(|word| word.contains(why)), "{cells:?}: {word:?}");
    }

    #[test]
    fn whole_columns_decide() {
        assert_eq!(type_of(&["1", "-2", "0"]), Type::I64);
        assert_eq!(type_of(&["9223372036854775808"]), Type::U64);
        assert_eq!(type_of(&["18446744073709551615", "0"]), Type::U64);
        assert_eq!(type_of(&["-9223372036854775808"]), Type::I64);
        assert_eq!(type_of(&["1", "1.10", ".5", "5.", "1e5", "-0"]), Type::F64);
        assert_eq!(type_of(&["NaN", "1", "-inf"]), Type::F64);
        assert_eq!(type_of(&["true", "false"]), Type::Bool);
        assert_eq!(type_of(&["NaN"]), Type::Text);
        assert_eq!(type_of(&["True"]), Type::Text);
        assert_eq!(type_of(&["a", "b", "3"]), Type::Text);
        assert_eq!(type_of(&["2024-01-02"]), Type::Date);
        assert_eq!(type_of(&["2024-01-02T03:04:05Z", "1969-12-31 23:59:59.5+00:00"]), Type::Time(-9));
        assert_eq!(type_of(&["9999-12-31T23:59:59Z"]), Type::Time(-6));
        assert_eq!(type_of(&[]), Type::Text);
        assert_eq!(type_of(&["", "x"]), Type::Text);
        assert_eq!(type_of(&["1-2", "."]), Type::Text);
    }

    #[test]
    fn what_would_not_print_back_stays_text() {
        stays_text(&["7", "007"], "\"007\" in line 3 has a leading zero");
        stays_text(&["true", "1"], "\"1\" in line 3 is a number and \"true\" in line 2 is a bool");
        stays_text(&["0E0", "ABC", "1E2", "DEF"], "\"ABC\" in line 3 is not a number");
        stays_text(&["2024-01-02", "3.1.2024"], "\"3.1.2024\" in line 3 is not a date");
        stays_text(&["2024-01-02", "3.1.2024", "4.1.2024", "2024-01-03"], "in line 3 is not a date");
        stays_text(&["2024-01-02", "2024-01-02T03:04:05Z"], "is a timestamp and");
        stays_text(&["2024-01-02T03:04:05Z", "2024-01-02T03:04:05"], "without a zone");
        stays_text(&["9999-12-31T00:00:00Z", "2024-01-02T03:04:05.123456789Z"], "beyond 2262");
        stays_text(&["+5"], "plus sign");
        stays_text(&[" 5"], "blanks");
        stays_text(&["18446744073709551616"], "64 bits");
        stays_text(&["-1", "18446744073709551615"], "holds both");
        stays_text(&["0.10000000000000000555"], "more digits");
        stays_text(&["1e999"], "range");
        stays_text(&["1.5", "9007199254740993"], "more digits");
        assert_eq!(type_of(&["1.5", "9007199254740992"]), Type::F64);
        assert_eq!(type_of(&["0.1234567890123456", "5e-324", "1.7976931348623157e308"]), Type::F64);
    }

    #[test]
    fn a_null_spelling_is_suggested() {
        stays_text(&["1", "NA", "3", "NA", "5"], "2 of 5 cells are \"NA\", the first in line 3; --null 'NA'");
        assert_eq!(decide(&["1", "NA", "none"]), (Type::Text, None));
    }
}
