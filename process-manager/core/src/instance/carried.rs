//! What a run hands over to the next when it continues as new.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Ended, Instance, Ledger, ParkedFailure,
    inbox::{CARRIED_BYTES, Inbox, bytes_of},
    work::Work,
};
use crate::manager::ProcessManager;

/// The snapshot of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Carried {
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
    failures: u32,
    handled_events: u64,
}

/// Why an instance cannot go on under this version of its process manager.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarryError {
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
    /// The instance was carried over by newer code.
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
    /// [`CarryError::State`] or [`CarryError::Work`] when the state or a pending command cannot be written as JSON.
    pub fn carry(&self) -> Result<Carried, CarryError> {
        let in_hand = self.work.as_ref().map_or(0, |work| bytes_of(&work.queued));
        Ok(Carried {
            version: self.version,
            state: serde_json::to_value(&self.state).map_err(CarryError::State)?,
            started: self.started,
            inbox: self.inbox.spilled(CARRIED_BYTES.saturating_sub(in_hand)),
            work: serde_json::to_value(&self.work).map_err(CarryError::Work)?,
            ledger: self.ledger.clone(),
            parked: self.parked.clone(),
            ended: self.ended,
            failures: self.failures,
            handled_events: self.handled_events,
        })
    }

    /// Continues from the snapshot of another run, under the version that this run keeps to.
    ///
    /// # Errors
    /// [`CarryError`] when the snapshot cannot be used by this code.
    pub fn resume(id: &str, version: u32, carried: Carried) -> Result<Self, CarryError> {
        if version > M::VERSION {
            return Err(CarryError::Newer { here: M::VERSION, version });
        }
        let state = if carried.version < version {
            M::migrate(carried.version, carried.state)
                .map_err(|error| CarryError::Migrate { version: carried.version, why: error.to_string() })?
        } else {
            carried.state
        };
        let work: Option<Work<M::Command>> = serde_json::from_value(carried.work).map_err(CarryError::Work)?;
        Ok(Self {
            state: serde_json::from_value(state).map_err(CarryError::State)?,
            started: carried.started,
            inbox: carried.inbox,
            work,
            parked: carried.parked,
            ended: carried.ended,
            failures: carried.failures,
            handled_events: carried.handled_events,
            ..Self::new(id, version, carried.ledger)
        })
    }
}
