//! The pauses between attempts.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Pauses between attempts, without end: first the given pause, then each one twice as long, up to the longest.
#[derive(Debug)]
pub struct Backoff {
    builder: ExponentialBuilder,
    pauses: ExponentialBackoff,
    longest: Duration,
}

impl Backoff {
    /// Creates a backoff that begins with the first pause.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let builder = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(first)
            .with_max_delay(longest)
            .without_max_times();
        Self { builder, pauses: builder.build(), longest }
    }

    /// Returns the next pause.
    pub fn next_pause(&mut self) -> Duration {
        self.pauses.next().unwrap_or(self.longest)
    }

    /// Waits for the next pause.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_pause()).await;
    }

    /// Starts over with the first pause, after a success.
    pub fn reset(&mut self) {
        self.pauses = self.builder.build();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_again() {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(1));
        let mut millis = || backoff.next_pause().as_millis();
        assert_eq!([millis(), millis(), millis(), millis(), millis()], [200, 400, 800, 1_000, 1_000]);
        backoff.reset();
        assert_eq!(backoff.next_pause().as_millis(), 200);
        assert_eq!((0..1_000).map(|_| backoff.next_pause()).last(), Some(Duration::from_secs(1)));
    }
}
