//! The input of an instance's run.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;

use process_manager::{
    instance::{Delivery, Instance, Ledger, REVISION, Snapshot},
    manager::ProcessManager,
};
use process_manager_wire::error_chain;

/// The input of a run. It records everything that may change with the code, and must not change for a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begin {
    /// The instance.
    pub process_id: String,
    /// The version of the process manager to which the run keeps.
    pub version: u32,
    /// The [`REVISION`] to which the run keeps; runs that began before there was one keep to 0.
    #[serde(default)]
    pub revision: u32,
    /// Limit of one attempt to handle an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_timeout: Option<Duration>,
    /// The ledger of an earlier instance of this id.
    #[serde(default)]
    pub ledger: Ledger,
    /// The first events, where no signal brings them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Delivery>,
    /// The snapshot that the run before has handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Snapshot>,
}

/// Why a run cannot begin.
#[derive(Debug, Clone)]
pub(crate) enum CannotBegin {
    /// Never: the input is invalid.
    InvalidInput(String),
    /// Not with this version of the process manager.
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
            ledger,
            events: Vec::new(),
            carried: None,
        }
    }

    /// The instance with which the run begins.
    pub(crate) fn read<M: ProcessManager>(workflow_id: &str, raw: &RawValue) -> Result<Instance<M>, CannotBegin> {
        let [payload] = raw.payloads.as_slice() else {
            return Err(CannotBegin::InvalidInput("the input is missing; instances are started by events".to_owned()));
        };
        let begin: Self = serde_json::from_slice(&payload.data)
            .map_err(|error| CannotBegin::InvalidInput(format!("the input cannot be used: {error}")))?;
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
        let mut instance = instance.with_event_timeout(begin.event_timeout).with_revision(begin.revision);
        for queued in begin.events {
            instance.deliver(queued);
        }
        Ok(instance)
    }
}
