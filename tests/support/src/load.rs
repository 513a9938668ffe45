//! How much the heavy tests do, and that they do it one after another.

use tokio::sync::{Mutex, MutexGuard};

use crate::clock::Clock;

/// Set to `full`, the heavy tests do all that they can; otherwise as much as shows the same in a short time.
const VARIABLE: &str = "IT_LOAD";

static HEAVY: Mutex<()> = Mutex::const_new(());

/// The turn of a heavy test; it ends with this value.
#[derive(Debug)]
#[must_use = "the turn ends with this value"]
pub struct Turn {
    _turn: MutexGuard<'static, ()>,
}

/// Awaits the turn of a heavy test: one runs at a time, beside the light ones. The wait does not count as the test's
/// time.
pub async fn heavy() -> Turn {
    let turn = HEAVY.lock().await;
    if let Some(clock) = Clock::of_this_test() {
        clock.restart();
    }
    Turn { _turn: turn }
}

/// `full` when the variable `IT_LOAD` is `full`, else `usual`.
///
/// # Panics
/// When the variable has another value.
#[must_use]
pub fn load<T>(usual: T, full: T) -> T {
    match std::env::var(VARIABLE) {
        Ok(value) if value == "full" => full,
        Ok(value) if !value.is_empty() => panic!("{VARIABLE}={value}: unset, or `full`"),
        _ => usual,
    }
}
