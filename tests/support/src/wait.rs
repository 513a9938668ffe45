//! Tests wait for conditions and never sleep, and no wait has a deadline: it fails when nothing moves any more.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

use crate::clock::Clock;

/// How long a wait may see the same. No step of the system takes that long, however busy the machine is.
pub const STALL: Duration = Duration::from_secs(120);

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Calls `probe` repeatedly (after 10 ms, then ever more rarely, but at least every 200 ms) until it answers `Ok`.
///
/// An `Err` is what the probe saw instead. As long as it changes, the wait goes on.
///
/// # Panics
/// Panics if the probe has seen the same for [`STALL`], or the test's time is over. The message names `what` it waited
/// for and what the probe saw last.
pub async fn eventually<T, E: Debug>(what: &str, mut probe: impl AsyncFnMut() -> Result<T, E>) -> T {
    let waiting = Clock::of_this_test().map(|clock| clock.waits_for(what));
    let (mut seen, mut since) = (None, Instant::now());
    let mut pause = FIRST_PAUSE;
    while let Some(left) = STALL.checked_sub(since.elapsed()) {
        if let Ok(answer) = tokio::time::timeout(left, probe()).await {
            match answer {
                Ok(value) => return value,
                Err(other) => {
                    let other = Some(format!("{other:#?}"));
                    if other != seen {
                        (seen, since) = (other, Instant::now());
                    }
                }
            }
        }
        if let Some(waiting) = &waiting {
            waiting.check(seen.as_deref());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
    panic!("nothing has moved for {STALL:?}; awaited: {what}; seen last: {}", seen.as_deref().unwrap_or("no answer"))
}

/// Waits until `probe` answers `expected`.
///
/// # Panics
/// Panics in the same cases as [`eventually`].
pub async fn eventually_eq<T: Debug + PartialEq>(what: &str, expected: T, mut probe: impl AsyncFnMut() -> T) {
    eventually(what, async || {
        let seen = probe().await;
        if seen == expected { Ok(()) } else { Err(seen) }
    })
    .await;
}

/// Waits for a future that has no steps to look at, such as the end of a process.
///
/// # Panics
/// Panics if it is not ready after [`STALL`].
pub async fn within_a_stall<T>(what: &str, future: impl Future<Output = T>) -> T {
    let _waiting = Clock::of_this_test().map(|clock| clock.waits_for(what));
    let ready = tokio::time::timeout(STALL, future).await;
    ready.unwrap_or_else(|_| panic!("nothing has moved for {STALL:?}; awaited: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_condition_that_comes_true_is_returned() {
        let mut asked = 0;
        let answer = eventually("three", async || {
            asked += 1;
            if asked == 3 { Ok(asked) } else { Err(asked) }
        });
        assert_eq!(answer.await, 3);
    }
}
