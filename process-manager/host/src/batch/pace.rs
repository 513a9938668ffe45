//! The rate of a batch: this many commands begin per second, evenly spaced.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When the next command may begin.
#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    /// Counts from now: the previous chunk may have ended with a command at this very moment.
    pub(super) fn new(per_second: Option<f64>) -> Self {
        let every = per_second.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate));
        Self { every, next: Instant::now() + every }
    }

    pub(super) fn is_ready(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Records that a command begins. Missed commands are not caught up on.
    pub(super) fn begins(&mut self) {
        self.next = Instant::now() + self.every;
    }

    pub(super) async fn ready(&self) {
        sleep_until(self.next).await;
    }
}
