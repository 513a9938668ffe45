//! What there is to know of one instance.

use serde_json::Value;

use crate::{
    console::{Console, live::fingerprint, managers::Manager},
    temporal::{Happened, InspectedInstance, Past},
};

/// One instance as the page shows it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::console) struct Model {
    pub(super) inspected: Option<InspectedInstance>,
    pub(super) temporal_is_away: bool,
    /// What it has been through; read for the page alone.
    pub(super) past: Past,
}

impl Model {
    pub(in crate::console) async fn load(console: &Console, manager: &Manager, id: &str) -> Self {
        let asked = console.app.temporal.inspect_instance(manager.name, id).await;
        Self { temporal_is_away: asked.is_err(), inspected: asked.unwrap_or_default(), past: Past::default() }
    }

    /// With what the run's history tells; where that cannot be read, without.
    pub(super) async fn with_past(mut self, console: &Console, manager: &Manager, id: &str) -> Self {
        if self.inspected.is_some() {
            self.past = console.app.temporal.past_of_instance(manager.name, id).await.unwrap_or_default();
        }
        self
    }

    /// Temporal was asked, and has not heard of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.inspected.is_none() && !self.temporal_is_away
    }

    pub(super) fn has_actions(&self) -> bool {
        self.inspected.as_ref().is_some_and(|it| it.instance.failure_id().is_some())
    }

    /// What its state tells, else the events with which it began.
    pub(super) fn facts(&self, manager: &Manager) -> Vec<(&'static str, String)> {
        let state = self.inspected.iter().filter_map(|it| it.view.as_ref()).map(|view| &view.state);
        let events = self.past.steps.iter().filter_map(|step| match &step.what {
            Happened::Arrived(events) => Some(events),
            _ => None,
        });
        let values: Vec<&Value> = state.chain(events.flatten().map(|event| &event.data)).collect();
        values.into_iter().map(manager.facts).find(|facts| !facts.is_empty()).unwrap_or_default()
    }

    /// Differs when the page would.
    pub(in crate::console) fn fingerprint(&self) -> u64 {
        fingerprint(&format!("{:?} {}", self.inspected, self.temporal_is_away))
    }
}
