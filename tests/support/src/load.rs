//! How much the heavy tests do, and how many run at the same time.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock::Clock;

/// If set to `full`, the heavy tests do everything they can; otherwise a short selection that shows the same.
const VARIABLE: &str = "IT_LOAD";

static HEAVY: Turns = Turns::new(1);

/// A number of tests that run at the same time, whatever else runs beside them.
#[derive(Debug)]
pub struct Turns(Semaphore);

/// A test's turn; it ends with this value.
#[derive(Debug)]
#[must_use = "the turn ends with this value"]
pub struct Turn {
    _permit: SemaphorePermit<'static>,
}

impl Turns {
    /// Creates `at_once` turns.
    #[must_use]
    pub const fn new(at_once: usize) -> Self {
        Self(Semaphore::const_new(at_once))
    }

    /// Waits for a turn. The wait does not count as the test's time.
    ///
    /// # Panics
    /// Never: turns are not closed.
    pub async fn next(&'static self) -> Turn {
        let permit = self.0.acquire().await.expect("turns are not closed");
        if let Some(clock) = Clock::of_this_test() {
            clock.restart();
        }
        Turn { _permit: permit }
    }
}

/// Waits for the turn of a heavy test: one runs at a time, beside the light ones.
pub async fn heavy() -> Turn {
    HEAVY.next().await
}

/// Returns `full` if the variable `IT_LOAD` is `full`, else `usual`.
///
/// # Panics
/// Panics if the variable has another value.
#[must_use]
pub fn load<T>(usual: T, full: T) -> T {
    match std::env::var(VARIABLE) {
        Ok(value) if value == "full" => full,
        Ok(value) if !value.is_empty() => panic!("{VARIABLE}={value}: unset, or `full`"),
        _ => usual,
    }
}
