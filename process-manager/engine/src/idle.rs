//! The engine's one impure door: tells the host which runs are idle, so that they can leave the worker's memory.
//!
//! A run only reports here and never looks at the answer, so none of this can reach a history. Clock and locks belong
//! to the host. If no host listens, the reports go nowhere.

use std::{fmt::Debug, sync::OnceLock, time::Duration};

/// Receives the reports of idle runs.
pub trait IdleRuns: Debug + Send + Sync {
    /// Reports that the run has nothing to do. It may leave the worker's memory after this time.
    fn arm(&self, run_id: &str, timeout: Duration);

    /// Reports that the run has something to do, or is gone.
    fn disarm(&self, run_id: &str);
}

static LISTENER: OnceLock<&'static dyn IdleRuns> = OnceLock::new();

/// Sets this program's listener. The first one stays.
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
