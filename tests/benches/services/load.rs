//! A given amount of work, with a given concurrency.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use tests::bench::{float, milliseconds, rate};

/// Work that was done, in one round or several.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    time: Duration,
    cpu: Duration,
    latencies: Vec<Duration>,
}

impl Outcome {
    /// Does the work with these numbers. `cpu` returns the CPU time that the measured process has used so far.
    pub(crate) async fn add(
        &mut self,
        numbers: Range<usize>,
        at_once: usize,
        cpu: impl Fn() -> Duration,
        one: impl AsyncFn(usize),
    ) {
        let one = async |number| {
            let begun = Instant::now();
            one(number).await;
            begun.elapsed()
        };
        let (begun, before) = (Instant::now(), cpu());
        let done: Vec<Duration> = stream::iter(numbers).map(one).buffer_unordered(at_once).collect().await;
        self.time += begun.elapsed();
        self.cpu += cpu() - before;
        self.latencies.extend(done);
    }

    pub(crate) fn count(&self) -> usize {
        self.latencies.len()
    }

    pub(crate) fn a_second(&self) -> f64 {
        rate(self.latencies.len(), self.time)
    }

    pub(crate) fn cpu_ms(&self) -> f64 {
        milliseconds(self.cpu) / float(self.latencies.len())
    }

    /// Returns a percentile in milliseconds, such as 50 for the median.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort();
        milliseconds(sorted[(sorted.len() - 1) * percent / 100])
    }
}
