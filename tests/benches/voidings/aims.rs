//! The ratios that matter, and their aims in issue 11. Nothing is asserted.

use crate::report::{Measured, Ratio};

/// The rows with this many in flight.
pub(crate) struct Beside<'a> {
    pub(crate) rows: &'a [Measured],
    pub(crate) in_flight: usize,
}

/// A ratio, and what it should be.
pub(crate) struct Aim {
    ratio: &'static str,
    aim: &'static str,
    /// The number in flight that the aim is for; any, if absent.
    aimed_at: Option<usize>,
    of: fn(&Beside<'_>) -> Option<f64>,
}

const fn at_50(ratio: &'static str, aim: &'static str, of: fn(&Beside<'_>) -> Option<f64>) -> Aim {
    Aim { ratio, aim, aimed_at: Some(50), of }
}

const fn any(ratio: &'static str, aim: &'static str, of: fn(&Beside<'_>) -> Option<f64>) -> Aim {
    Aim { ratio, aim, aimed_at: None, of }
}

pub(crate) const AIMS: [Aim; 15] = [
    at_50("c ÷ a, a second", "≥ 0.95", |rows| rows.ratio("c", "a", |it| it.a_second)),
    at_50("c ÷ b, a second", "≥ 1.8", |rows| rows.ratio("c", "b", |it| it.a_second)),
    at_50("d ÷ a, a second", "≥ 1.3", |rows| rows.ratio("d", "a", |it| it.a_second)),
    at_50("d ÷ b, a second", "≥ 2.5", |rows| rows.ratio("d", "b", |it| it.a_second)),
    at_50("f ÷ c, a second", "≥ 0.85", |rows| rows.ratio("f", "c", |it| it.a_second)),
    at_50("g ÷ c, a second", "≥ 0.85", |rows| rows.ratio("g", "c", |it| it.a_second)),
    at_50("c, p99 ÷ (2 · in flight ÷ a second)", "≤ 1", |rows| rows.of("c", |it| it.p99_of_limit)),
    at_50("d, p99 ÷ (2 · in flight ÷ a second)", "≤ 1", |rows| rows.of("d", |it| it.p99_of_limit)),
    at_50("f, p99 ÷ (2 · in flight ÷ a second)", "≤ 1", |rows| rows.of("f", |it| it.p99_of_limit)),
    any("one at a time: d ÷ a, p50", "≤ 0.65", |rows| {
        if rows.in_flight == 1 { rows.ratio("d", "a", |it| it.p50_ms) } else { None }
    }),
    any("c ÷ a, worker CPU", "≤ 1.7", |rows| rows.ratio("c", "a", |it| it.worker_cpu_ms)),
    any("d ÷ e, worker CPU", "≤ 1.7", |rows| rows.ratio("d", "e", |it| it.worker_cpu_ms)),
    any("c, history events", "≤ 7", |rows| rows.of("c", |it| it.history_events)),
    any("d, history events", "≤ 7", |rows| rows.of("d", |it| it.history_events)),
    any("f, history events", "≤ 7", |rows| rows.of("f", |it| it.history_events)),
];

impl Aim {
    /// Returns the ratio; `None` if one of its rows was not measured.
    pub(crate) fn of(&self, rows: &Beside<'_>) -> Option<Ratio> {
        let aim = self.aimed_at.is_none_or(|at| at == rows.in_flight).then_some(self.aim);
        Some(Ratio { ratio: self.ratio, in_flight: rows.in_flight, value: (self.of)(rows)?, aim })
    }
}

impl Beside<'_> {
    /// Returns the median of the rounds.
    fn of(&self, row: &str, figure: impl Fn(&Measured) -> f64) -> Option<f64> {
        median(self.rounds(row, figure).collect())
    }

    /// Returns the median of each round's own ratio: whatever slows the machine down for a while slows both.
    fn ratio(&self, row: &str, other: &str, figure: impl Fn(&Measured) -> f64) -> Option<f64> {
        median(self.rounds(row, &figure).zip(self.rounds(other, &figure)).map(|(it, other)| it / other).collect())
    }

    fn rounds(&self, row: &str, figure: impl Fn(&Measured) -> f64) -> impl Iterator<Item = f64> {
        self.rows.iter().filter(move |it| it.row == row && it.in_flight == self.in_flight).map(figure)
    }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let (upper, lower) = (*figures.get(middle)?, figures[figures.len().div_ceil(2) - 1]);
    Some(f64::midpoint(lower, upper))
}
