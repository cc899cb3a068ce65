//! Tables for people: columns are aligned by display width and fitted to the terminal; cells and columns that
//! do not fit are shortened or left out.

use super::paint::{TextStyle, paint};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const GAP: &str = "  ";
/// The smallest width to which a column is reduced to make room for others.
const NARROW: usize = 12;
/// Without a terminal, cells are not cut, and columns are not padded to more than this width.
const WIDE: usize = 100;

/// The layout of a table, made from the titles and the first rows.
pub(crate) struct TableLayout {
    titles: Vec<String>,
    right: Vec<bool>,
    widths: Vec<usize>,
    /// The number of columns that are shown; the rest do not fit.
    pub(crate) shown: usize,
    /// Cells may not be wider than their column.
    strict: bool,
    color: bool,
}

/// Draws a whole table. A column has a title and is aligned at the right if its flag is set.
pub(crate) fn draw_table(
    columns: &[(&str, bool)],
    rows: &[Vec<TableCell>],
    width: Option<usize>,
    color: bool,
) -> String {
    let (titles, right) = columns.iter().map(|&(title, right)| (title.to_string(), right)).unzip();
    let plan = TableLayout::new(titles, right, rows, width, color);
    let mut text = plan.header();
    rows.iter().for_each(|row| _ = plan.row(&mut text, row));
    text
}

/// A cell, and whether it is dim, as null is.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableCell {
    pub(crate) text: String,
    pub(crate) dim: bool,
}

impl TableCell {
    pub(crate) fn new(text: impl Into<String>) -> TableCell {
        TableCell { text: text.into(), dim: false }
    }

    pub(crate) fn dim(text: impl Into<String>) -> TableCell {
        TableCell { text: text.into(), dim: true }
    }
}

impl TableLayout {
    /// Computes the widths of the columns from the first rows; `width` is that of the terminal.
    pub(crate) fn new(
        titles: Vec<String>,
        right: Vec<bool>,
        first: &[Vec<TableCell>],
        width: Option<usize>,
        color: bool,
    ) -> TableLayout {
        let mut widths: Vec<usize> = titles.iter().map(|title| title.width()).collect();
        for row in first {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        let shown = match width {
            Some(room) => fit(&mut widths, room),
            None => {
                widths.iter_mut().for_each(|width| *width = (*width).min(WIDE));
                widths.len()
            }
        };
        TableLayout { titles, right, widths, shown, strict: width.is_some(), color }
    }

    /// Returns the titles of the columns that do not fit.
    pub(crate) fn left_out(&self) -> &[String] {
        self.titles.get(self.shown..).unwrap_or(&[])
    }

    /// Returns the line of titles.
    pub(crate) fn header(&self) -> String {
        let cells: Vec<TableCell> = self.titles.iter().map(TableCell::new).collect();
        let mut line = String::new();
        self.write(&mut line, &cells, Some(TextStyle::Bold));
        line
    }

    /// Appends a row. Returns true if a cell was shortened.
    pub(crate) fn row(&self, out: &mut String, cells: &[TableCell]) -> bool {
        self.write(out, cells, None)
    }

    fn write(&self, out: &mut String, cells: &[TableCell], style: Option<TextStyle>) -> bool {
        let mut shortened = false;
        for (i, cell) in cells.iter().take(self.shown).enumerate() {
            let width = self.widths.get(i).copied().unwrap_or(0);
            let text = if self.strict { shorten(&cell.text, width) } else { Cow::Borrowed(&*cell.text) };
            shortened |= matches!(text, Cow::Owned(_));
            let last = i + 1 == self.shown;
            let fill = " ".repeat(width.saturating_sub(text.width()));
            let style = if cell.dim { Some(TextStyle::Dim) } else { style };
            let text = style.map_or_else(|| text.to_string(), |style| paint(self.color, style, &text));
            out.push_str(if i > 0 { GAP } else { "" });
            match self.right.get(i) {
                Some(true) => out.push_str(&format!("{fill}{text}")),
                _ if last => out.push_str(&text),
                _ => out.push_str(&format!("{text}{fill}")),
            }
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
        shortened
    }
}

/// Makes columns fit: it reduces the widest first, then leaves out columns at the right. Returns the number
/// that are shown.
fn fit(widths: &mut [usize], room: usize) -> usize {
    let total = |widths: &[usize], most: usize| {
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        widths.iter().map(|width| (*width).min(most)).sum::<usize>() + gaps
    };
    let most = (NARROW..=room).rev().find(|&most| total(widths, most) <= room);
    let most = most.unwrap_or(NARROW.min(room));
    let shown = (1..=widths.len()).rev().find(|&shown| total(&widths[..shown], most) <= room);
    widths.iter_mut().for_each(|width| *width = (*width).min(most));
    shown.unwrap_or(1)
}

/// Returns a text, or the start of it that fits into a width with an ellipsis.
pub(crate) fn shorten(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    Cow::Owned(text.chars().take_while(fits).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<TableCell> {
        texts.iter().map(|text| TableCell { text: text.to_string(), dim: false }).collect()
    }

    fn draw(width: Option<usize>, titles: &[&str], rows: &[Vec<TableCell>]) -> (String, usize, bool) {
        let titles: Vec<String> = titles.iter().map(|title| title.to_string()).collect();
        let right = titles.iter().map(|title| title.starts_with('#')).collect();
        let plan = TableLayout::new(titles, right, rows, width, false);
        let mut text = plan.header();
        let mut shortened = false;
        rows.iter().for_each(|row| shortened |= plan.row(&mut text, row));
        (text, plan.left_out().len(), shortened)
    }

    #[test]
    fn columns_align_by_display_width() {
        let rows = [cells(&["企鹅", "3", "x"]), cells(&["a", "12", ""])];
        let (text, left, shortened) = draw(None, &["name", "#n", "last"], &rows);
        assert_eq!(text, "name  #n  last\n企鹅   3  x\na     12\n");
        assert_eq!((left, shortened), (0, false));
        let long = "x".repeat(200);
        let (text, ..) = draw(None, &["a", "b"], &[cells(&[&long, "1"]), cells(&["y", "2"])]);
        assert_eq!(
            text.lines().map(str::len).collect::<Vec<_>>(),
            [103, 203, 103],
            "whole, but no wall of blanks"
        );
    }

    #[test]
    fn the_widest_column_gives_first_and_the_last_ones_go() {
        let long = "abcdefghijklmnopqrstuvwxyz";
        let (text, left, shortened) = draw(Some(20), &["a", "b"], &[cells(&["1234", long])]);
        assert_eq!(text, "a     b\n1234  abcdefghijklm…\n");
        assert_eq!((left, shortened), (0, true));
        let (text, left, _) = draw(Some(20), &["a", "b", "c"], &[cells(&[long, long, "z"])]);
        assert_eq!(text, "a\nabcdefghijk…\n");
        assert_eq!(left, 2);
        let (text, ..) = draw(Some(8), &["a"], &[cells(&[long])]);
        assert_eq!(text, "a\nabcdefg…\n");
    }
}
