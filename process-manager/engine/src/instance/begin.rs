//! The input of an instance's run.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_common::data_converters::RawValue;

use process_manager::{
    instance::{Acknowledge, Delivery, Instance, KeyForm, Ledger, Published, REVISION, Snapshot, SnapshotError},
    manager::ProcessManager,
};
use process_manager_wire::error_chain;

/// The input of a run. It records everything that may change with the code but must not change for a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begin {
    /// The instance.
    pub process_id: String,
    /// The version of the process manager that the run keeps.
    pub version: u32,
    /// The [`REVISION`] that the run keeps; runs that began before there was one keep 0.
    #[serde(default)]
    pub revision: u32,
    /// The time limit of one attempt to handle an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_timeout: Option<Duration>,
    /// The form of its commands' idempotency keys.
    #[serde(default, skip_serializing_if = "KeyForm::is_short")]
    pub keys: KeyForm,
    /// The worker's settings for the process manager when the instance began.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub settings: Value,
    /// Whether the run publishes its outcome and whether it needs attention; runs that began with older code do not.
    #[serde(default)]
    pub publishes_outcome: bool,
    /// Whether the run publishes the subject of the attention on its own; runs that began with older code publish it
    /// only together with another attribute.
    #[serde(default)]
    pub publishes_subject: bool,
    /// The ledger of an earlier instance of this id.
    #[serde(default)]
    pub ledger: Ledger,
    /// The first events, if no signal brings them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Delivery>,
    /// The snapshot that the previous run handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Snapshot>,
    /// The acknowledgement that ended the instance, if the previous run had no room to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledge>,
    /// The run that this one continues, if that was ended from outside: the instance is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndedRun>,
}

/// A run that was ended from outside.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndedRun {
    /// Temporal's id of the run.
    pub run_id: String,
    /// How it ended, in words.
    pub how: String,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// The answer of the query `carried`: what the run would hand over to another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Carried {
    /// The input of that run.
    pub begin: Begin,
    /// Whether nothing is left to do.
    pub is_over: bool,
}

/// What a run publishes, as its input records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Publishes {
    /// Whether it publishes its outcome, and whether it needs attention.
    #[serde(rename = "publishes_outcome")]
    pub(super) outcome: bool,
    /// Whether it publishes the subject of the attention on its own.
    #[serde(rename = "publishes_subject")]
    pub(super) subject: bool,
}

/// The reason why a run cannot begin.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) enum CannotBegin {
    /// It can never begin: the input is invalid.
    InvalidInput(String),
    /// It cannot begin with this version of the process manager.
    VersionUnavailable(String),
}

impl Begin {
    /// Returns the input for a new instance, under the version of this code.
    #[must_use]
    pub fn new<M: ProcessManager>(process_id: &str, ledger: Ledger) -> Self {
        let event_timeout = M::options().event_timeout;
        Self {
            process_id: process_id.to_owned(),
            version: M::VERSION,
            revision: REVISION,
            event_timeout,
            keys: KeyForm::Full,
            settings: Value::Null,
            publishes_outcome: true,
            publishes_subject: true,
            ledger,
            events: Vec::new(),
            carried: None,
            acknowledgement: None,
            ended: None,
        }
    }

    /// Returns the ledger that the instance begins with.
    #[must_use]
    pub fn seen(&self) -> &Ledger {
        self.carried.as_ref().map_or(&self.ledger, Snapshot::ledger)
    }

    /// Returns the input of the run that continues an instance.
    pub(crate) fn carrying<M: ProcessManager>(
        instance: &Instance<M>,
        acknowledgement: &Acknowledge,
    ) -> Result<Self, SnapshotError> {
        Ok(Self {
            keys: instance.keys(),
            settings: instance.settings().clone(),
            carried: Some(instance.snapshot()?),
            acknowledgement: Some(acknowledgement.clone()).filter(|it| *it != Acknowledge::default()),
            ..Self::new::<M>(instance.id(), Ledger::default())
        })
    }

    /// Returns what the run publishes.
    pub(crate) fn publishes(raw: &RawValue) -> Publishes {
        let told = raw.payloads.first().and_then(|payload| serde_json::from_slice(&payload.data).ok());
        told.unwrap_or_default()
    }

    /// Returns the instance that the run begins with.
    pub(crate) fn read<M: ProcessManager>(
        workflow_id: &str,
        raw: &RawValue,
    ) -> Result<(Instance<M>, Acknowledge), CannotBegin> {
        let [payload] = raw.payloads.as_slice() else {
            return Err(CannotBegin::InvalidInput("the input is missing; instances are started by events".to_owned()));
        };
        let begin: Self = serde_json::from_slice(&payload.data)
            .map_err(|error| CannotBegin::InvalidInput(format!("the input cannot be used: {error}")))?;
        begin.instance::<M>(workflow_id)
    }

    /// Returns what the run would publish when it begins; `None` if it cannot begin with this code.
    #[must_use]
    pub fn published<M: ProcessManager>(&self) -> Option<Published> {
        let begun = self.clone().instance::<M>(&super::workflow_id::<M>(&self.process_id));
        begun.ok().map(|(instance, _)| instance.view().into())
    }

    fn instance<M: ProcessManager>(self, workflow_id: &str) -> Result<(Instance<M>, Acknowledge), CannotBegin> {
        let begin = self;
        if super::workflow_id::<M>(&begin.process_id) != workflow_id {
            let why = format!("workflow {workflow_id} cannot be instance {} of {}", begin.process_id, M::NAME);
            return Err(CannotBegin::InvalidInput(why));
        }
        let instance = match begin.carried {
            None if begin.version > M::VERSION => {
                let why = format!("version {} is here, and {} is needed", M::VERSION, begin.version);
                return Err(CannotBegin::VersionUnavailable(why));
            }
            None => Instance::new(begin.process_id, begin.version, begin.ledger),
            Some(carried) => Instance::resume(&begin.process_id, begin.version, carried)
                .map_err(|error| CannotBegin::VersionUnavailable(error_chain(&error)))?,
        };
        let mut instance = instance
            .with_event_timeout(begin.event_timeout)
            .with_revision(begin.revision)
            .with_keys(begin.keys)
            .with_settings(begin.settings);
        for queued in begin.events {
            instance.deliver(queued);
        }
        if let Some(ended) = begin.ended {
            instance.ended_from_outside(&ended.how, ended.at);
        }
        Ok((instance, begin.acknowledgement.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
