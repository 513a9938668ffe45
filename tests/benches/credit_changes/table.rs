//! Tables in Markdown, printed row by row.

use std::time::Duration;

use crate::usage::Used;

pub(crate) struct Table(usize);

impl Table {
    pub(crate) fn begin(title: &str, columns: &[&str]) -> Self {
        println!("\n**{title}**\n\n| {} |\n|{}", columns.join(" | "), "---:|".repeat(columns.len()));
        Self(columns.len())
    }

    pub(crate) fn row(&self, cells: &[String]) {
        assert_eq!(cells.len(), self.0, "{cells:?}");
        println!("| {} |", cells.join(" | "));
    }
}

#[expect(clippy::cast_precision_loss, reason = "some hundred thousands")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

/// So many a second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    float(count) / time.as_secs_f64()
}

pub(crate) fn whole(number: f64) -> String {
    format!("{number:.0}")
}

pub(crate) fn exact(number: f64) -> String {
    format!("{number:.2}")
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

/// The CPU milliseconds of each.
pub(crate) fn each(time: Duration, count: usize) -> String {
    exact(time.as_secs_f64() * 1000.0 / float(count))
}

pub(crate) fn memory(worker: &Used) -> String {
    format!("{} → {} ({})", worker.memory_before, worker.memory, worker.peak)
}
