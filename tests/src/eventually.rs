//! Conditions are awaited, never slept for.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Asks `probe` again and again (after 10 ms, then ever more rarely, at most every 200 ms) until it answers `Ok`.
///
/// An `Err` says what was seen instead.
///
/// # Panics
/// After `deadline`, with `what` was awaited and what was seen last.
pub async fn eventually<T, E: Debug>(
    deadline: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut seen = None;
    while let Some(left) = deadline.checked_sub(begun.elapsed()) {
        match tokio::time::timeout(left, probe()).await {
            Ok(Ok(value)) => return value,
            Ok(Err(other)) => seen = Some(other),
            Err(_) => break,
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
    panic!("awaited for {deadline:?}: {what}; seen last: {seen:#?}")
}

/// Awaits that `probe` answers `expected`.
///
/// # Panics
/// After `deadline`, with what was seen last.
pub async fn eventually_eq<T: Debug + PartialEq>(
    deadline: Duration,
    what: &str,
    expected: T,
    mut probe: impl AsyncFnMut() -> T,
) {
    eventually(deadline, what, async || {
        let seen = probe().await;
        if seen == expected { Ok(()) } else { Err(seen) }
    })
    .await;
}
