//! The snapshot that a run hands over to the next when it continues as new.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Ended, Instance, Ledger, ParkedFailure,
    inbox::{Inbox, SNAPSHOT_BYTES, bytes_of},
    work::Work,
};
use crate::manager::{Outcome, ProcessManager};

/// The snapshot of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version under which the state was written.
    version: u32,
    state: Value,
    started: bool,
    inbox: Inbox,
    work: Value,
    ledger: Ledger,
    parked: Option<ParkedFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    failures: u32,
    handled_events: u64,
}

/// Why an instance cannot continue under this version of its process manager.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The state is no JSON, or not that of the type.
    #[error("the state cannot be read")]
    State(#[source] serde_json::Error),
    /// The pending commands are no JSON, or not those of the type.
    #[error("the pending commands cannot be read")]
    Work(#[source] serde_json::Error),
    /// `migrate` failed.
    #[error("the state of version {version} cannot be migrated: {why}")]
    Migrate {
        /// Version of the state.
        version: u32,
        /// The error of `migrate`.
        why: String,
    },
    /// The instance was written by newer code.
    #[error("this is version {here} of the process manager, and the instance's is {version}")]
    Newer {
        /// Version of this code.
        here: u32,
        /// Version of the instance.
        version: u32,
    },
}

impl<M: ProcessManager> Instance<M> {
    /// Returns the snapshot with which the next run begins.
    ///
    /// # Errors
    /// [`SnapshotError::State`] or [`SnapshotError::Work`] when the state or a pending command cannot be written as JSON.
    pub fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        let in_hand = self.work.as_ref().map_or(0, |work| bytes_of(&work.queued));
        Ok(Snapshot {
            version: self.version,
            state: serde_json::to_value(&self.state).map_err(SnapshotError::State)?,
            started: self.started,
            inbox: self.inbox.spilled(SNAPSHOT_BYTES.saturating_sub(in_hand)),
            work: serde_json::to_value(&self.work).map_err(SnapshotError::Work)?,
            ledger: self.ledger.clone(),
            parked: self.parked.clone(),
            ended: self.ended,
            outcome: self.outcome.clone(),
            failures: self.failures,
            handled_events: self.handled_events,
        })
    }

    /// Continues from the snapshot of another run, under the version that this run keeps to.
    ///
    /// # Errors
    /// [`SnapshotError`] when the snapshot cannot be used by this code.
    pub fn resume(id: &str, version: u32, snapshot: Snapshot) -> Result<Self, SnapshotError> {
        if version > M::VERSION {
            return Err(SnapshotError::Newer { here: M::VERSION, version });
        }
        let state = if snapshot.version < version {
            M::migrate(snapshot.version, snapshot.state)
                .map_err(|error| SnapshotError::Migrate { version: snapshot.version, why: error.to_string() })?
        } else {
            snapshot.state
        };
        let work: Option<Work<M::Command>> = serde_json::from_value(snapshot.work).map_err(SnapshotError::Work)?;
        Ok(Self {
            state: serde_json::from_value(state).map_err(SnapshotError::State)?,
            started: snapshot.started,
            inbox: snapshot.inbox,
            work,
            parked: snapshot.parked,
            ended: snapshot.ended,
            outcome: snapshot.outcome,
            failures: snapshot.failures,
            handled_events: snapshot.handled_events,
            ..Self::new(id, version, snapshot.ledger)
        })
    }
}
