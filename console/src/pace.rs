//! How often a page is looked at. The cost depends on what changes, not on how much there is to see.

use std::time::Duration;

/// Pause between two looks while things change.
pub(crate) const SHORTEST: Duration = Duration::from_millis(300);
/// Pause between two looks while nothing changes, unless a look takes long.
pub(crate) const LONGEST: Duration = Duration::from_secs(3);
/// Number of looks without a change before the pauses grow: the steps of a process follow each other.
const LIVELY: u32 = 10;
/// At most one in this many parts of the time is spent looking.
const PART: u32 = 10;

/// The pauses between looks.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    unchanged: u32,
}

impl Pace {
    /// Returns the pause after a look that took this long.
    pub(crate) fn pause(&mut self, has_changed: bool, took: Duration) -> Duration {
        self.unchanged = if has_changed { 0 } else { self.unchanged.saturating_add(1) };
        let doublings = self.unchanged.saturating_sub(LIVELY).min(10);
        SHORTEST.saturating_mul(1 << doublings).min(LONGEST).max(took.saturating_mul(PART - 1))
    }

    /// Continues as after a change.
    pub(crate) fn wake(&mut self) {
        self.unchanged = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(1);

    #[test]
    fn where_nothing_changes_looks_become_seldom_and_a_change_makes_them_frequent_again() {
        let mut pace = Pace::default();
        let pauses: Vec<_> = (0..20).map(|_| pace.pause(false, FAST)).collect();
        assert_eq!((pauses[0], pauses[19]), (SHORTEST, LONGEST));
        assert!(pauses.is_sorted());
        assert_eq!(pace.pause(true, FAST), SHORTEST);
        let _: Vec<_> = (0..20).map(|_| pace.pause(false, FAST)).collect();
        pace.wake();
        assert_eq!(pace.pause(false, FAST), SHORTEST);
    }

    #[test]
    fn looking_takes_at_most_a_tenth_of_the_time() {
        let mut pace = Pace::default();
        for took in [100, 500, 5_000].map(Duration::from_millis) {
            for has_changed in [true, false] {
                assert!(pace.pause(has_changed, took) >= took * 9);
            }
        }
    }
}
