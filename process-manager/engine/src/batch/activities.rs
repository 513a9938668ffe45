//! Definitions of the activities that a batch calls; the crate `process-manager-host` implements them.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use process_manager::{
    batch::{Advance, Chunk, FailedItem},
    instance::Delivery,
};
use serde::{Deserialize, Serialize};
use temporalio_macros::activity_definitions;

pub use self::batch_activities::*;

/// A page of failed items that a workflow of its own keeps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailuresToKeep {
    /// The id of that workflow.
    pub workflow_id: String,
    /// The items.
    pub items: Vec<FailedItem>,
}

/// Events for an instance of a process manager.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventsToTell {
    /// The id of the instance's workflow.
    pub workflow_id: String,
    /// The events.
    pub events: Vec<Delivery>,
}

/// The type of the failure of `RunChunk` if the source returns something that no batch can use.
pub const UNUSABLE: &str = "Unusable";

/// Does the work of batches.
pub struct BatchActivities;

#[activity_definitions]
impl BatchActivities {
    /// Sends the commands of some items.
    #[activity(name = "RunChunk")]
    pub fn run_chunk(chunk: Chunk) -> Advance {
        unimplemented!()
    }

    /// Starts the workflow that keeps a page of failed items.
    #[activity(name = "KeepFailures")]
    pub fn keep_failures(failures: FailuresToKeep) {
        unimplemented!()
    }

    /// Ends the workflow that keeps a page.
    #[activity(name = "ReleaseFailures")]
    pub fn release_failures(workflow_id: String) {
        unimplemented!()
    }

    /// Tells an instance of a process manager about its batch. An instance that does not run is not told.
    #[activity(name = "TellInstance")]
    pub fn tell_instance(events: EventsToTell) {
        unimplemented!()
    }
}
