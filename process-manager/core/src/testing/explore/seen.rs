//! What an invariant sees.

use std::fmt;

use super::{model::Model, state::State};
use crate::{
    instance::{InstanceView, Published, Status},
    manager::ProcessManager,
};

/// Everything at one moment: the services, the instances, and what has gone wrong.
pub struct Seen<'a, M: ProcessManager, W> {
    pub(super) state: &'a State<M, W>,
    pub(super) model: &'a Model<M, W>,
}

impl<M: ProcessManager, W> Seen<'_, M, W> {
    /// Returns the services.
    #[must_use]
    pub fn services(&self) -> &W {
        &self.state.world
    }

    /// Returns an instance as the query `state` would show it; for an ended instance, its last run.
    #[must_use]
    pub fn instance(&self, id: &str) -> Option<InstanceView> {
        self.state.processes.get(id)?.view(self.state.now)
    }

    /// Returns all instances that an event has reached.
    #[must_use]
    pub fn instances(&self) -> Vec<InstanceView> {
        self.state.processes.values().filter_map(|process| process.view(self.state.now)).collect()
    }

    /// Returns whether an operator or a service is needed and everybody can see it: the instance is parked, stalled or
    /// needs attention, or a subscription has stopped.
    #[must_use]
    pub fn waits_visibly(&self, id: &str) -> bool {
        let is_incident = |view: InstanceView| Published::from(view).is_incident();
        !self.state.stopped.is_empty() || self.instance(id).is_some_and(is_incident)
    }

    /// Returns whether the instance has ended.
    #[must_use]
    pub fn has_ended(&self, id: &str) -> bool {
        self.instance(id).is_some_and(|view| view.status == Status::Ended)
    }

    /// Returns whether an operator acknowledged the instance's failure, which ended it, and no other instance has begun
    /// since.
    #[must_use]
    pub fn is_given_up(&self, id: &str) -> bool {
        self.state.processes.get(id).is_some_and(|process| process.is_given_up)
    }

    /// Returns whether nothing has gone wrong and no operator has done anything.
    #[must_use]
    pub fn is_undisturbed(&self) -> bool {
        (self.state.troubles, self.state.decisions) == (self.model.troubles, self.model.decisions)
    }
}

impl<M: ProcessManager, W> fmt::Debug for Seen<'_, M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("instances", &self.instances()).finish_non_exhaustive()
    }
}
