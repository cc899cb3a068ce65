//! What type a column of text has, decided over all of its cells: a number only if every cell can be printed back
//! with the same value. It knows nothing about files; a column costs constant memory.
#![forbid(unsafe_code)]

use std::fmt;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    I64,
    U64,
    F64,
    Bool,
    Text,
}

/// What one cell can be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    Int(i128),
    Float,
    /// `NaN`, `inf`, `-inf`: a float, in a column that has other numbers.
    Special,
    Bool,
    Text,
    /// It reads like a number, but printing that number would not give the cell back.
    Odd(&'static str),
}

/// A cell that decided something: its line and its text.
#[derive(Clone, Debug)]
struct Witness {
    line: u64,
    cell: String,
    why: &'static str,
}

impl Witness {
    fn new(line: u64, cell: &str, why: &'static str) -> Witness {
        let mut shown: String = cell.chars().take(40).collect();
        if shown.len() < cell.len() {
            shown.push('…');
        }
        Witness { line, cell: shown, why }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in line {} {}", self.cell, self.line, self.why)
    }
}

/// What is known of a column so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guess {
    nulls: u64,
    ints: u64,
    floats: u64,
    specials: u64,
    bools: u64,
    texts: u64,
    min: i128,
    max: i128,
    odd: Option<Witness>,
    /// An integer that f64 does not hold exactly: matters only beside floats.
    inexact: Option<Witness>,
    first_text: Option<Witness>,
    mixed_texts: bool,
}

impl Guess {
    /// Takes in a null cell.
    pub(crate) fn add_null(&mut self) {
        self.nulls += 1;
    }

    /// Takes in a cell.
    pub(crate) fn add(&mut self, cell: &str, line: u64) {
        match classify(cell) {
            Class::Int(int) => {
                self.ints += 1;
                (self.min, self.max) = (self.min.min(int), self.max.max(int));
                if self.inexact.is_none() && int.unsigned_abs() > 1 << 53 && !prints_back(cell) {
                    self.inexact = Some(Witness::new(line, cell, "has more digits than f64 keeps"));
                }
            }
            Class::Float => self.floats += 1,
            Class::Special => self.specials += 1,
            Class::Bool => self.bools += 1,
            Class::Text => {
                self.texts += 1;
                match &self.first_text {
                    Some(first) => self.mixed_texts |= self.mixed_texts || first.cell != cell,
                    None => self.first_text = Some(Witness::new(line, cell, "")),
                }
            }
            Class::Odd(why) => {
                self.odd.get_or_insert_with(|| Witness::new(line, cell, why));
            }
        }
    }

    /// True if a cell was null, or if there is no cell at all to tell.
    pub(crate) fn is_optional(&self) -> bool {
        self.nulls > 0
    }

    /// The type, and a word if the column stays text although it looks like numbers.
    pub(crate) fn decide(&self) -> (Type, Option<String>) {
        let numbers = self.ints + self.floats;
        let looks_numeric = numbers > 0 || self.odd.is_some();
        if self.texts > 0 || (self.bools > 0 && (looks_numeric || self.specials > 0)) {
            return (Type::Text, self.null_hint(numbers));
        }
        if let Some(odd) = &self.odd {
            return (Type::Text, Some(odd.to_string()));
        }
        if self.bools > 0 {
            return (Type::Bool, None);
        }
        if numbers == 0 {
            return (Type::Text, None);
        }
        if self.floats + self.specials > 0 {
            return match &self.inexact {
                Some(witness) => (Type::Text, Some(witness.to_string())),
                None => (Type::F64, None),
            };
        }
        self.decide_integer()
    }

    fn decide_integer(&self) -> (Type, Option<String>) {
        if self.max <= i64::MAX.into() {
            (Type::I64, None)
        } else if self.min >= 0 {
            (Type::U64, None)
        } else {
            let why = format!("no 64-bit integer holds both {} and {}", self.min, self.max);
            (Type::Text, Some(why))
        }
    }

    /// A column of numbers but for one text that comes again and again: most likely a null.
    fn null_hint(&self, numbers: u64) -> Option<String> {
        let first = self.first_text.as_ref()?;
        if numbers <= self.texts || self.mixed_texts || self.odd.is_some() || self.bools > 0 {
            return None;
        }
        let total = numbers + self.specials + self.texts + self.nulls;
        let (cell, line) = (&first.cell, first.line);
        Some(format!(
            "{} of {total} cells are {cell:?}, the first in line {line}; --null '{cell}' reads them as null",
            self.texts
        ))
    }
}

fn classify(cell: &str) -> Class {
    match cell {
        "true" | "false" => return Class::Bool,
        "NaN" | "inf" | "-inf" => return Class::Special,
        _ => {}
    }
    let Some(first) = cell.bytes().next() else { return Class::Text };
    if !matches!(first, b'0'..=b'9' | b'-' | b'+' | b'.' | b' ' | b'\t') {
        return Class::Text;
    }
    let trimmed = cell.trim_matches([' ', '\t']);
    if trimmed.len() < cell.len() {
        let number = Decimal::parse(trimmed.strip_prefix('+').unwrap_or(trimmed)).is_some();
        return if number { Class::Odd("has blanks around the number") } else { Class::Text };
    }
    if let Some(rest) = cell.strip_prefix('+') {
        return if Decimal::parse(rest).is_some() { Class::Odd("has a plus sign") } else { Class::Text };
    }
    classify_number(cell)
}

fn classify_number(cell: &str) -> Class {
    let Some(decimal) = Decimal::parse(cell) else { return Class::Text };
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
fn prints_back(cell: &str) -> bool {
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
        cells.iter().enumerate().for_each(|(i, cell)| guess.add(cell, i as u64 + 2));
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
        assert_eq!(type_of(&["true", "1"]), Type::Text);
        assert_eq!(type_of(&["True"]), Type::Text);
        assert_eq!(type_of(&["0E0", "ABC", "1E2", "DEF"]), Type::Text);
        assert_eq!(type_of(&[]), Type::Text);
        assert_eq!(type_of(&["", "x"]), Type::Text);
        assert_eq!(type_of(&["1-2", "."]), Type::Text);
    }

    #[test]
    fn what_would_not_print_back_stays_text() {
        stays_text(&["7", "007"], "\"007\" in line 3 has a leading zero");
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
