//! Tables in Markdown, printed row by row, and as JSON lines.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Lines, Used};

/// A table, begun on stdout.
#[derive(Debug)]
pub struct Table<'a> {
    title: &'a str,
    columns: &'a [&'a str],
    lines: Option<&'a Lines>,
}

impl<'a> Table<'a> {
    /// Prints the title and the names of the columns.
    #[must_use]
    pub fn begin(title: &'a str, columns: &'a [&'a str]) -> Self {
        println!("\n**{title}**\n\n| {} |\n|{}", columns.join(" | "), "---:|".repeat(columns.len()));
        Self { title, columns, lines: None }
    }

    /// Writes each row as a JSON line too: the title as `table`, and the cells by the names of their columns.
    #[must_use]
    pub fn with_lines(self, lines: &'a Lines) -> Self {
        Self { lines: Some(lines), ..self }
    }

    /// Prints a row.
    ///
    /// # Panics
    /// Panics if it does not have a cell for each column.
    pub fn row(&self, cells: &[String]) {
        assert_eq!(cells.len(), self.columns.len(), "{cells:?}");
        println!("| {} |", cells.join(" | "));
        if let Some(lines) = self.lines {
            let cells = self.columns.iter().zip(cells).map(|(column, cell)| ((*column).to_owned(), value(cell)));
            let table = ("table".to_owned(), self.title.into());
            lines.line(&Map::from_iter([table].into_iter().chain(cells)));
        }
    }
}

/// Returns a number if the cell is one.
fn value(cell: &str) -> Value {
    cell.parse::<serde_json::Number>().map_or_else(|_| cell.into(), Value::Number)
}

/// Returns a count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "some hundred thousands")]
#[must_use]
pub fn float(count: usize) -> f64 {
    count as f64
}

/// Returns the rate per second.
#[must_use]
pub fn rate(count: usize, time: Duration) -> f64 {
    float(count) / time.as_secs_f64()
}

/// Formats without decimals.
#[must_use]
pub fn whole(number: f64) -> String {
    format!("{number:.0}")
}

/// Formats with two decimals.
#[must_use]
pub fn exact(number: f64) -> String {
    format!("{number:.2}")
}

/// Formats as seconds, with one decimal.
#[must_use]
pub fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

/// Returns milliseconds as a number to calculate with.
#[must_use]
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Returns the CPU milliseconds per item.
#[must_use]
pub fn each(time: Duration, count: usize) -> String {
    exact(milliseconds(time) / float(count))
}

/// Returns the memory before and after, and at its peak.
#[must_use]
pub fn memory(used: &Used) -> String {
    format!("{} → {} ({})", used.memory_before, used.memory, used.peak)
}
