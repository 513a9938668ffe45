//! Which runs have nothing to do, and since when: they leave the worker's memory after their idle timeout.
//!
//! This is outside of what is replayed: a run only leaves a note here, and never looks at it.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// When each run that waits is to leave, by run id. A run is in one worker of a program at a time.
static DUE: LazyLock<Mutex<HashMap<String, Instant>>> = LazyLock::new(Mutex::default);

fn due() -> MutexGuard<'static, HashMap<String, Instant>> {
    DUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run that may leave a note; it is gone with the run.
#[derive(Debug)]
pub(super) struct Note(String);

impl Note {
    pub(super) fn new(run_id: String) -> Self {
        Self(run_id)
    }

    /// The run has nothing to do, and is to leave after this time.
    pub(super) fn waits(&self, timeout: Duration) {
        if let Some(at) = Instant::now().checked_add(timeout) {
            due().insert(self.0.clone(), at);
        }
    }

    /// The run has something to do.
    pub(super) fn goes_on(&self) {
        due().remove(&self.0);
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        self.goes_on();
    }
}

/// The runs whose time has come, until they are gone.
pub(super) fn are_due() -> Vec<String> {
    let now = Instant::now();
    due().iter().filter(|(_, at)| **at <= now).map(|(run_id, _)| run_id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_due_after_its_time_unless_it_goes_on_or_ends() {
        let notes = ["idle", "busy", "ended", "patient"].map(|run_id| Note::new(format!("test-{run_id}")));
        let [idle, busy, ended, patient] = notes;
        for note in [&idle, &busy, &ended] {
            note.waits(Duration::ZERO);
        }
        patient.waits(Duration::from_secs(3600));
        busy.goes_on();
        drop(ended);
        let of_test = || are_due().into_iter().filter(|run_id| run_id.starts_with("test-")).collect::<Vec<_>>();
        assert_eq!(of_test(), ["test-idle"]);
        drop(idle);
        assert!(of_test().is_empty());
        drop((busy, patient));
    }
}
