//! Infers the type of a text column from all of its cells: it is a number only if every cell can be printed
//! back with the same value. A column takes constant memory.

use super::number::{Number, Numbers, is_special};
use super::time::{self, DateText, Time};
use super::witness::{CellSource, Witness};
use hydra::Kind;
use hydra::schema::Form;

/// The type of a column.
pub(crate) type ColumnType = (Kind, Form);

pub(crate) const TYPE_OF_TEXT: ColumnType = (Kind::String, Form::None);

/// Why a column stays text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    pub(crate) why: String,
    /// The column would not be text if all cells with this text were null.
    pub(crate) token: Option<String>,
}

impl Word {
    fn new(why: String) -> Word {
        Word { why, token: None }
    }
}

/// The sorts of cells, as positions in [`SORTS`].
const NUMBER: usize = 0;
const BOOL: usize = 1;
const TIME: usize = 2;
const DATE: usize = 3;
const TEXT: usize = 4;
/// A cell that looks like a number or time, but would be printed differently.
const ODD: usize = 5;
/// `NaN`, `inf` or `-inf`, which is a float in a column that has other numbers.
const SPECIAL: usize = 6;
const SORTS: [&str; 7] = ["a number", "a bool", "a timestamp", "a date", "text", "text", "text"];

/// What is known about a column so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guess {
    nulls: u64,
    /// The number of cells of each sort, and the first of them.
    counts: [u64; 7],
    firsts: [Option<Witness>; 7],
    numbers: Numbers,
    /// The earliest and the latest second, and the coarsest unit that holds all fractions.
    seconds: Option<(i64, i64)>,
    unit: i8,
    /// There are several different texts, or a quoted one, which is never null.
    mixed_texts: bool,
}

impl Guess {
    /// Adds a null cell.
    pub(crate) fn add_null(&mut self) {
        self.nulls += 1;
    }

    /// Adds a cell.
    pub(crate) fn add(&mut self, cell: &str, quoted: bool, source: &CellSource) {
        let (sort, why) = self.sort(cell, source);
        self.counts[sort] += 1;
        let first = self.firsts[sort].get_or_insert_with(|| Witness::new(source, cell, why));
        if sort == TEXT && !self.mixed_texts {
            self.mixed_texts = quoted || first.cell != cell;
        }
    }

    /// Adds the value of a cell. Returns its sort, and the reason if it is odd.
    fn sort(&mut self, cell: &str, source: &CellSource) -> (usize, &'static str) {
        match cell.bytes().next() {
            Some(b'0'..=b'9') => match time::read(cell) {
                Some(DateText::Time(time)) => {
                    let (first, last) = self.seconds.unwrap_or((time.seconds, time.seconds));
                    self.seconds = Some((first.min(time.seconds), last.max(time.seconds)));
                    let fits = |unit: &i8| Time { seconds: 0, ..time }.units(*unit).is_some();
                    self.unit = [0, -3, -6].into_iter().find(fits).unwrap_or(-9).min(self.unit);
                    (TIME, "")
                }
                Some(DateText::Date(_)) => (DATE, ""),
                Some(DateText::Odd(why)) => (ODD, why),
                None => self.number(cell, source),
            },
            Some(b't' | b'f') if matches!(cell, "true" | "false") => (BOOL, ""),
            Some(b'-' | b'.' | b'+' | b' ' | b'\t' | b'i' | b'I' | b'n' | b'N') => self.number(cell, source),
            _ => (TEXT, ""),
        }
    }

    fn number(&mut self, cell: &str, source: &CellSource) -> (usize, &'static str) {
        let trimmed = cell.trim_matches([' ', '\t']);
        match Number::of(cell) {
            Some(Number::Odd(why)) => (ODD, why),
            Some(number) => {
                self.numbers.add(number, cell, source);
                (NUMBER, "")
            }
            None if is_special(cell) => (SPECIAL, ""),
            None if Number::of(trimmed.trim_start_matches('+')).is_none() => (TEXT, ""),
            None if trimmed.len() < cell.len() => (ODD, "has spaces around the number"),
            None => (ODD, "has a plus sign"),
        }
    }

    /// Returns true if a cell was null.
    pub(crate) fn is_optional(&self) -> bool {
        self.nulls > 0
    }

    /// Returns the type. If the column stays text although most of it looks like another type, the error has
    /// the reason.
    pub(crate) fn decide(&self) -> Result<ColumnType, Option<Word>> {
        let typed: Vec<usize> = (NUMBER..=DATE).filter(|&sort| self.counts[sort] > 0).collect();
        // Without another number, `NaN` is text.
        let stray = self.counts[SPECIAL] > 0 && self.counts[NUMBER] == 0;
        match (self.counts[TEXT], &self.firsts[ODD], typed.as_slice()) {
            (0, Some(odd), [] | [_]) if !stray => Err(Some(Word::new(odd.to_string()))),
            (0, None, &[sort]) if !stray => self.decide_sort(sort).map_err(|why| Some(Word::new(why))),
            (_, _, typed) => Err(self.mixture(typed)),
        }
    }

    fn decide_sort(&self, sort: usize) -> Result<ColumnType, String> {
        match sort {
            BOOL => Ok((Kind::Bool, Form::None)),
            DATE => Ok((Kind::I32, Form::Date)),
            TIME => self.decide_time(),
            _ => {
                let mut numbers = self.numbers.clone();
                numbers.floats += self.counts[SPECIAL];
                match (numbers.kind(), numbers.inexact) {
                    (Some(Kind::F64), Some(witness)) => Err(witness.to_string()),
                    (Some(kind), _) => Ok((kind, Form::None)),
                    _ => Err(format!("no 128-bit integer holds both -{} and {}", numbers.low, numbers.high)),
                }
            }
        }
    }

    /// Returns a timestamp in nanoseconds, or in a coarser unit if 64 bits of nanoseconds do not suffice and
    /// no cell needs them.
    fn decide_time(&self) -> Result<ColumnType, String> {
        let reaches = |unit: &i8| {
            let (first, last) = self.seconds.unwrap_or_default();
            // One second more for the fraction; years have four digits.
            let mut ends = [first, last + 1].into_iter();
            *unit <= self.unit && ends.all(|seconds| Time { seconds, nanos: 0 }.units(*unit).is_some())
        };
        let unit = [-9, -6, -3, 0].into_iter().find(reaches);
        let exponent = unit.ok_or("years beyond 2262 and nanoseconds do not fit 64 bits together")?;
        Ok((Kind::I64, Form::Timestamp { exponent }))
    }

    /// Returns why a column with several sorts of cells stays text, if at least half of its cells are not
    /// text.
    fn mixture(&self, typed: &[usize]) -> Option<Word> {
        let texts = self.counts[TEXT];
        let others = typed.iter().map(|&sort| self.counts[sort]).sum::<u64>() + self.counts[ODD];
        let (Some(text), true) = (&self.firsts[TEXT], others >= texts) else {
            let [left, right] = typed.get(..2)? else { return None };
            let both = || Word::new(format!("{} and {}", self.example(*left), self.example(*right)));
            return (texts == 0).then(both);
        };
        let &[sort] = typed else {
            return (others > 0).then(|| Word::new(format!("{} is no number or time", self.example(TEXT))));
        };
        if self.mixed_texts || self.counts[ODD] > 0 || others == texts {
            return Some(Word::new(format!("{} is not {}", self.example(TEXT), SORTS[sort])));
        }
        let total = others + self.counts[SPECIAL] + texts + self.nulls;
        let Witness { cell, source, .. } = text;
        let why = format!("{texts} of {total} cells are {cell:?}, the first in {source}");
        Some(Word { why, token: Some(cell.clone()) })
    }

    /// Returns the text of the first cell of a sort, with its place.
    fn example(&self, sort: usize) -> String {
        let Some(Witness { cell, source, .. }) = &self.firsts[sort] else { return String::new() };
        let sort = if sort == TEXT { String::new() } else { format!(" is {}", SORTS[sort]) };
        format!("{cell:?} in {source}{sort}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(cells: &[&str]) -> (ColumnType, Option<Word>) {
        let mut guess = Guess::default();
        cells
            .iter()
            .zip(2..)
            .for_each(|(cell, line)| guess.add(cell, false, &CellSource { line, file: None }));
        match guess.decide() {
            Ok(ty) => (ty, None),
            Err(word) => (TYPE_OF_TEXT, word),
        }
    }

    fn type_of(cells: &[&str]) -> ColumnType {
        let (ty, word) = decide(cells);
        assert_eq!(word, None, "{cells:?}");
        ty
    }

    fn stays_text(cells: &[&str], why: &str) {
        let (ty, word) = decide(cells);
        assert_eq!(ty, TYPE_OF_TEXT, "{cells:?}");
        assert!(word.as_ref().is_some_and(|word| word.why.contains(why)), "{cells:?}: {word:?}");
    }

    #[test]
    fn whole_columns_decide() {
        assert_eq!(type_of(&["1", "-2", "0"]), (Kind::I64, Form::None));
        assert_eq!(type_of(&["9223372036854775808"]), (Kind::U64, Form::None));
        assert_eq!(type_of(&["18446744073709551615", "0"]), (Kind::U64, Form::None));
        assert_eq!(type_of(&["-9223372036854775808"]), (Kind::I64, Form::None));
        assert_eq!(type_of(&["1", "1.10", ".5", "5.", "1e5", "-0"]), (Kind::F64, Form::None));
        assert_eq!(type_of(&["NaN", "1", "-inf"]), (Kind::F64, Form::None));
        assert_eq!(type_of(&["-97.23049926757812", "97.23049926757813"]), (Kind::F64, Form::None));
        assert_eq!(
            type_of(&["1", "0.10000000000000001", "1.000000000000000056e-01"]),
            (Kind::F64, Form::None)
        );
        assert_eq!(type_of(&["1", "Inf", "-Infinity", "nan", "+inf", "-nan"]), (Kind::F64, Form::None));
        assert_eq!(type_of(&["Nan", "Inf"]), TYPE_OF_TEXT);
        assert_eq!(type_of(&["-1", "18446744073709551615"]), (Kind::I128, Form::None));
        assert_eq!(type_of(&["0", "340282366920938463463374607431768211455"]), (Kind::U128, Form::None));
        assert_eq!(type_of(&["true", "false"]), (Kind::Bool, Form::None));
        assert_eq!(type_of(&["NaN"]), TYPE_OF_TEXT);
        assert_eq!(type_of(&["True"]), TYPE_OF_TEXT);
        assert_eq!(type_of(&["a", "b", "3"]), TYPE_OF_TEXT);
        assert_eq!(type_of(&["2024-01-02"]), (Kind::I32, Form::Date));
        assert_eq!(
            type_of(&["2024-01-02T03:04:05Z", "1969-12-31 23:59:59.5+00:00"]),
            (Kind::I64, Form::Timestamp { exponent: -9 })
        );
        assert_eq!(type_of(&["9999-12-31T23:59:59Z"]), (Kind::I64, Form::Timestamp { exponent: -6 }));
        assert_eq!(type_of(&[]), TYPE_OF_TEXT);
        assert_eq!(type_of(&["", "x"]), TYPE_OF_TEXT);
        assert_eq!(type_of(&["1-2", "."]), TYPE_OF_TEXT);
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
        stays_text(&[" 5"], "spaces");
        stays_text(&["340282366920938463463374607431768211456"], "128 bits");
        stays_text(&["-1", "340282366920938463463374607431768211455"], "holds both -1 and 3402");
        stays_text(&["0.100000000000000002"], "more digits");
        stays_text(&["1e999"], "range");
        stays_text(&["1.5", "9007199254740993"], "more digits");
        assert_eq!(type_of(&["1.5", "9007199254740992"]), (Kind::F64, Form::None));
        assert_eq!(
            type_of(&["0.1234567890123456", "5e-324", "1.7976931348623157e308"]),
            (Kind::F64, Form::None)
        );
    }

    #[test]
    fn a_null_spelling_is_suggested() {
        let (_, word) = decide(&["1", "NA", "3", "NA", "5"]);
        let why = "2 of 5 cells are \"NA\", the first in line 3".to_string();
        assert_eq!(word, Some(Word { why, token: Some("NA".into()) }));
        assert_eq!(decide(&["1", "NA", "none"]), (TYPE_OF_TEXT, None));
    }
}
