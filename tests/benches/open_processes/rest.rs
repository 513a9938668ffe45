//! Resource usage while nothing happens.

use std::time::{Duration, Instant};

use serde::Serialize;
use tests::bench::number;
use tokio::time::sleep;

use crate::system::System;

/// Time that the programs must be at rest before the measurement.
const QUIET: Duration = Duration::from_secs(5);

/// The program that contains the worker, and Temporal, at rest; memory in MiB.
#[derive(Debug, Serialize)]
pub(crate) struct Rest {
    /// Time until they had come to rest.
    after_seconds: f64,
    pub(crate) memory: u64,
    pub(crate) peak: u64,
    pub(crate) cpu_percent: f64,
    pub(crate) temporal_memory: u64,
    pub(crate) temporal_cpu_percent: f64,
    pub(crate) requests_a_minute: Option<f64>,
    requests: Option<String>,
}

impl System {
    pub(crate) async fn rest(&self) -> Rest {
        let (below, within) = (number("BENCH_REST_BELOW", "10"), number("BENCH_REST_WITHIN", "600"));
        let (begun, within) = (Instant::now(), Duration::from_secs(within));
        loop {
            let quiet = self.over(QUIET).await;
            if quiet.cpu_percent + quiet.temporal_cpu_percent < below || begun.elapsed() > within {
                break;
            }
        }
        let after_seconds = begun.elapsed().as_secs_f64();
        let rest = self.over(Duration::from_secs(number("BENCH_REST", "60"))).await;
        Rest { after_seconds, ..rest }
    }

    /// Watches both for this time.
    async fn over(&self, time: Duration) -> Rest {
        let requests = self.requests().await;
        let (before, temporal, begun) = (self.moment().await, self.temporal().await, Instant::now());
        sleep(time).await;
        let (after, temporal_after) = (self.moment().await, self.temporal().await);
        let time = begun.elapsed().as_secs_f64();
        let percent = |used: Duration| used.as_secs_f64() * 100.0 / time;
        let requests = requests.zip(self.requests().await).map(|(before, after)| after.since(&before));
        Rest {
            after_seconds: 0.0,
            memory: after.memory,
            peak: after.peak,
            cpu_percent: percent(after.cpu - before.cpu),
            temporal_memory: temporal_after.memory,
            temporal_cpu_percent: percent(temporal_after.cpu - temporal.cpu),
            requests_a_minute: requests.as_ref().map(|requests| requests.all() * 60.0 / time),
            requests: requests.map(|requests| requests.most(8, time / 60.0)),
        }
    }
}
