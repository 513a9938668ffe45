//! Faults at random.

use std::time::Duration;

use rand::seq::IndexedRandom;
use tests::{Fault, FaultProxy};

/// More than the number of requests while it rains.
const DROPS: usize = 1_500;

/// Gives each request a random fault, or none.
pub(super) fn rain(proxy: &FaultProxy) {
    for _ in 0..DROPS {
        proxy.fault_times(1, "/", one());
    }
}

/// Lets everything through from now on.
pub(super) fn stop(proxy: &FaultProxy) {
    proxy.heal();
}

/// Returns a random fault. Half of the requests succeed at once.
fn one() -> Fault {
    let some = [
        Fault::Pass,
        Fault::Pass,
        Fault::Pass,
        Fault::Pass,
        Fault::LoseAnswer,
        Fault::Duplicate,
        Fault::status(500),
        Fault::Delay(Duration::from_millis(rand::random_range(0..3_000))),
    ];
    some.choose(&mut rand::rng()).cloned().unwrap_or(Fault::Pass)
}
