//! The measurements: a table, and JSON lines.

use std::time::Duration;

use serde::Serialize;
use tests::bench::{Lines, Table, exact, float, milliseconds, rate, whole};

use crate::{
    aims::{Aim, Beside},
    load::{Load, Outcome},
    row::Row,
};

const COLUMNS: [&str; 11] = [
    "row",
    "in flight",
    "a second",
    "p50, ms",
    "p99, ms",
    "p99 ÷ (2 · in flight ÷ a second)",
    "worker, CPU ms each",
    "Temporal, CPU ms each",
    "history, events each",
    "history, bytes each",
    "measured",
];

/// A row of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    pub(crate) row: &'static str,
    what: &'static str,
    pub(crate) in_flight: usize,
    measured: usize,
    pub(crate) a_second: f64,
    pub(crate) p50_ms: f64,
    p99_ms: f64,
    pub(crate) p99_of_limit: f64,
    pub(crate) worker_cpu_ms: f64,
    temporal_cpu_ms: f64,
    pub(crate) history_events: f64,
    history_bytes: f64,
}

impl Measured {
    pub(crate) fn new(row: &Row, load: Load, outcome: &Outcome) -> Self {
        let Outcome { time, latencies, used, events, bytes } = outcome;
        let at = |percent: usize| milliseconds(latencies[(latencies.len() - 1) * percent / 100]);
        let each = |time: Duration| milliseconds(time) / float(load.count);
        let a_second = rate(load.count, *time);
        Self {
            row: row.name,
            what: row.what,
            in_flight: load.at_once,
            measured: load.count,
            a_second,
            p50_ms: at(50),
            p99_ms: at(99),
            p99_of_limit: at(99) / 1000.0 * a_second / (2.0 * float(load.at_once)),
            worker_cpu_ms: each(used.worker.cpu),
            temporal_cpu_ms: each(used.temporal.cpu),
            history_events: *events,
            history_bytes: *bytes,
        }
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        [
            format!("{}. {}", self.row, self.what),
            self.in_flight.to_string(),
            format!("{:.1}", self.a_second),
            whole(self.p50_ms),
            whole(self.p99_ms),
            exact(self.p99_of_limit),
            exact(self.worker_cpu_ms),
            exact(self.temporal_cpu_ms),
            exact(self.history_events),
            whole(self.history_bytes),
            self.measured.to_string(),
        ]
    }
}

/// A line of the second table.
#[derive(Debug, Serialize)]
pub(crate) struct Ratio {
    pub(crate) ratio: &'static str,
    pub(crate) in_flight: usize,
    pub(crate) value: f64,
    /// The aim, if issue 11 has one for this many in flight.
    pub(crate) aim: Option<&'static str>,
}

/// Both tables, on stdout and in the file.
pub(crate) struct Report {
    table: Table<'static>,
    json: Lines,
    rows: Vec<Measured>,
}

impl Report {
    pub(crate) fn begin() -> Self {
        Self { table: Table::begin("Voidings", &COLUMNS), json: Lines::begin("voidings"), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, measured: Measured) {
        self.table.row(&measured.cells());
        self.json.line(&measured);
        self.rows.push(measured);
    }

    /// Reports how the rows compare with each other.
    pub(crate) fn ratios(self, aims: &[Aim], at_once: &[usize]) {
        let table = Table::begin("Beside each other", &["ratio", "in flight", "measured", "aim"]);
        for in_flight in at_once {
            let rows = Beside { rows: &self.rows, in_flight: *in_flight };
            let ratios: Vec<Ratio> = aims.iter().filter_map(|aim| aim.of(&rows)).collect();
            for ratio in ratios {
                let aim = ratio.aim.unwrap_or_default().to_owned();
                table.row(&[ratio.ratio.to_owned(), in_flight.to_string(), exact(ratio.value), aim]);
                self.json.line(&ratio);
            }
        }
    }
}
