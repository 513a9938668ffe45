//! The one impure door of the engine: tells the host which runs are idle, so that they can leave the worker's memory.
//!
//! A run only reports here and never looks at the answer, so nothing of it can reach a history. Clock and locks are the
//! host's; without a host that listens, the reports go nowhere.

use std::{fmt::Debug, sync::OnceLock, time::Duration};

/// Receives the reports of idle runs.
pub trait IdleRuns: Debug + Send + Sync {
    /// The run has nothing to do. It may leave the worker's memory after this time.
    fn arm(&self, run_id: &str, timeout: Duration);

    /// The run has something to do, or is gone.
    fn disarm(&self, run_id: &str);
}

static LISTENER: OnceLock<&'static dyn IdleRuns> = OnceLock::new();

/// Sets the listener of this program. The first one stays.
pub fn listen(listener: &'static dyn IdleRuns) {
    let _ = LISTENER.set(listener);
}

/// The idle timer of one run; it is disarmed when the run is dropped.
#[derive(Debug)]
pub(crate) struct IdleTimer(String);

impl IdleTimer {
    pub(crate) fn new(run_id: String) -> Self {
        Self(run_id)
    }

    pub(crate) fn arm(&self, timeout: Duration) {
        if let Some(listener) = LISTENER.get() {
            listener.arm(&self.0, timeout);
        }
    }

    pub(crate) fn disarm(&self) {
        if let Some(listener) = LISTENER.get() {
            listener.disarm(&self.0);
        }
    }
}

impl Drop for IdleTimer {
    fn drop(&mut self) {
        self.disarm();
    }
}
