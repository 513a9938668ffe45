//! What a run hands over to the next when it continues as new.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Ended, Instance, Ledger, ParkedFailure,
    inbox::{CARRIED_BYTES, Inbox, bytes_of},
    work::Work,
};
use crate::manager::ProcessManager;

/// Everything that an instance is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// The version under which the state was written.
    pub(crate) version: u32,
    state: Value,
    started: bool,
    inbox: Inbox,
    work: Value,
    pub(crate) ledger: Ledger,
    parked: Option<ParkedFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
    failures: u32,
    handled_events: u64,
}

/// Why an instance cannot go on under this version of its process manager.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CarryError {
    #[error("the state cannot be read")]
    State(#[source] serde_json::Error),
    #[error("the pending commands cannot be read")]
    Work(#[source] serde_json::Error),
    #[error("the state of version {version} cannot be migrated: {why}")]
    Migrate { version: u32, why: String },
    #[error("this is version {here} of the process manager, and the instance's is {version}")]
    Newer { here: u32, version: u32 },
}

impl<M: ProcessManager> Instance<M> {
    /// What the next run needs.
    pub(crate) fn carry(&self) -> Result<Carried, CarryError> {
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

    /// Goes on where another run left off, under the version that this run keeps to.
    pub(crate) fn resume(id: &str, version: u32, carried: Carried) -> Result<Self, CarryError> {
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
