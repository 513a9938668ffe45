//! The snapshot that a run hands over to the next when it continues as new.

use std::panic::catch_unwind;

use chrono::{DateTime, Utc};
use process_manager_wire::{error_chain, panic_message};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Ended, Instance, Ledger, ParkedFailure,
    held::Held,
    inbox::{EVENT_BYTES, Inbox, bytes_of},
    timers::Timers,
    work::Work,
};
use crate::{
    failure_code,
    limits::{self, SNAPSHOT_BYTES},
    manager::{Outcome, ProcessManager},
};

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
    #[serde(default, skip_serializing_if = "Timers::is_untouched")]
    timers: Timers,
    parked: Option<ParkedFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    failures: u32,
    handled_events: u64,
}

impl Snapshot {
    /// Returns the ledger of the instance.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// The reason why an instance cannot continue under this version of its process manager.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The state is not JSON, or does not fit the type.
    #[error("the state cannot be read")]
    State(#[source] serde_json::Error),
    /// The pending commands are not JSON, or do not fit the type.
    #[error("the pending commands cannot be read")]
    Work(#[source] serde_json::Error),
    /// `migrate` failed.
    #[error("the state of version {version} cannot be migrated: {why}")]
    Migrate {
        /// The version of the state.
        version: u32,
        /// The error of `migrate`.
        why: String,
    },
    /// It is more than a run can take.
    #[error("it takes {bytes} bytes, and a run can take {SNAPSHOT_BYTES}")]
    TooLarge {
        /// The size, in bytes.
        bytes: usize,
    },
    /// The instance was written by newer code.
    #[error("this is version {here} of the process manager, and the instance's is {version}")]
    Newer {
        /// The version of this code.
        here: u32,
        /// The version of the instance.
        version: u32,
    },
}

impl<M: ProcessManager> Instance<M> {
    /// Returns the snapshot that the next run begins with: events are whole as long as there is room, the rest by
    /// place.
    ///
    /// # Errors
    /// [`SnapshotError::State`] or [`SnapshotError::Work`] if the state or a pending command cannot be written as JSON
    /// and read again, [`SnapshotError::TooLarge`] if it is more than a run can take.
    pub fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        let mut bytes = 0;
        for event_bytes in [EVENT_BYTES, 0] {
            let snapshot = self.snapshot_with(event_bytes)?;
            let text = serde_json::to_string(&snapshot).map_err(SnapshotError::State)?;
            limits::read_again(&text).map_err(SnapshotError::State)?;
            bytes = text.len();
            if bytes <= SNAPSHOT_BYTES {
                return Ok(snapshot);
            }
        }
        Err(SnapshotError::TooLarge { bytes })
    }

    /// Returns the snapshot with this many bytes of events.
    fn snapshot_with(&self, event_bytes: usize) -> Result<Snapshot, SnapshotError> {
        let in_hand = self.work.as_ref().map_or(0, |work| bytes_of(&work.queued));
        let (version, state) = match &self.held {
            Some(held) => (held.version, held.state.clone()),
            None => (self.version, serde_json::to_value(&self.state).map_err(SnapshotError::State)?),
        };
        let work = match (&self.work, &self.held) {
            (Some(work), _) => work.carried(in_hand <= event_bytes),
            (None, Some(held)) => held.work.as_ref().map_or(Ok(Value::Null), |work| work.carried(true)),
            (None, None) => Ok(Value::Null),
        };
        Ok(Snapshot {
            version,
            state,
            started: self.started,
            inbox: self.inbox.spilled(event_bytes.saturating_sub(in_hand)),
            work: work.map_err(SnapshotError::Work)?,
            ledger: self.ledger.clone(),
            timers: self.timers.clone(),
            parked: self.parked.clone(),
            ended: self.ended,
            outcome: self.outcome.clone(),
            failures: self.failures,
            handled_events: self.handled_events,
        })
    }

    /// Continues from the snapshot of another run, under this run's version. If this code cannot read or migrate the
    /// state or the pending commands, they stay as they are, and the instance is parked.
    ///
    /// # Errors
    /// [`SnapshotError::Newer`] if this code is too old, [`SnapshotError::Work`] if it is not a snapshot at all.
    pub fn resume(id: &str, version: u32, snapshot: Snapshot) -> Result<Self, SnapshotError> {
        if version > M::VERSION {
            return Err(SnapshotError::Newer { here: M::VERSION, version });
        }
        let (state, work, held) = match read::<M>(version, &snapshot) {
            Ok((state, work)) => (state, work, None),
            Err(error) => {
                let work = serde_json::from_value(snapshot.work).map_err(SnapshotError::Work)?;
                let held = Held { version: snapshot.version, state: snapshot.state, work, why: error_chain(&error) };
                (M::default(), None, Some(held))
            }
        };
        Ok(Self {
            state,
            held,
            started: snapshot.started,
            inbox: snapshot.inbox,
            work,
            timers: snapshot.timers,
            parked: snapshot.parked,
            ended: snapshot.ended,
            outcome: snapshot.outcome,
            failures: snapshot.failures,
            handled_events: snapshot.handled_events,
            ..Self::new(id, version, snapshot.ledger)
        })
    }

    /// Parks an instance that cannot be handed over to another run, unless it is parked already.
    pub fn keep(&mut self, error: Option<&SnapshotError>, now: DateTime<Utc>) {
        if self.parked.is_some() {
            return;
        }
        let code = match error {
            Some(SnapshotError::TooLarge { .. }) => failure_code::TOO_LARGE,
            _ => failure_code::UNSERIALIZABLE,
        };
        let why = error.map_or_else(|| "a retry tries again".to_owned(), |error| error_chain(error));
        self.park(
            code,
            format!("the run is long, and the instance cannot be handed over to another: {why}"),
            None,
            now,
        );
    }
}

/// A state, and the event that is being handled.
type Read<M> = (M, Option<Work<<M as ProcessManager>::Command>>);

fn read<M: ProcessManager>(version: u32, snapshot: &Snapshot) -> Result<Read<M>, SnapshotError> {
    let state = migrated::<M>(version, snapshot.version, snapshot.state.clone())?;
    let work = serde_json::from_value(snapshot.work.clone()).map_err(SnapshotError::Work)?;
    Ok((serde_json::from_value(state).map_err(SnapshotError::State)?, work))
}

/// Reads a state written under one version, for a run that keeps another one.
pub(crate) fn read_state<M: ProcessManager>(version: u32, written: u32, state: Value) -> Result<M, SnapshotError> {
    serde_json::from_value(migrated::<M>(version, written, state)?).map_err(SnapshotError::State)
}

fn migrated<M: ProcessManager>(version: u32, written: u32, state: Value) -> Result<Value, SnapshotError> {
    if written >= version {
        return Ok(state);
    }
    let migrated = catch_unwind(|| M::migrate(written, state));
    let why = match migrated {
        Ok(Ok(state)) => return Ok(state),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("it panicked: {}", panic_message(panic.as_ref())),
    };
    Err(SnapshotError::Migrate { version: written, why })
}
