//! The public view of an instance.

use chrono::{DateTime, Utc};
use process_manager_wire::{Position, tagged};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Ledger, timers::TimerView, work::Work};
use crate::manager::{Attention, Outcome, ProcessManager, Refusal, RouteKind};

/// How many pending commands are shown by name.
const MOST_NAMES: usize = 100;

/// Status of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// It waits for its next event, or for its next timer.
    Waiting,
    /// It handles an event, or a timer.
    Handling,
    /// It waits for the time of its next retry.
    Retrying,
    /// It failed, and waits for an operator: `retry` or `acknowledge`.
    Parked,
    /// It has ended; its state is gone.
    Ended,
}

/// Why an instance is parked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParkedFailure {
    /// `<process id>/<counter>`: a signal may carry it to mean only this failure.
    pub failure_id: String,
    /// The refusal's code, or one of [`failure_code`](crate::failure_code).
    pub code: String,
    /// The explanation, in words.
    pub detail: String,
    /// The event's name, if it is known.
    pub event: String,
    /// The event's position in its log.
    pub position: Position,
    /// The command's name, if a command failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The refusal, if the receiver refused the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// How often it had failed.
    pub attempts: u32,
    /// When it was parked.
    pub at: DateTime<Utc>,
}

/// A command that has not succeeded for 10 s. It is retried, and this clears once it succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StalledCommand {
    /// The name of the command; of the event, if the process manager's own code keeps failing.
    pub command: String,
    /// The fault of the first attempt, or the latest error of the process manager's code.
    pub detail: String,
    /// Since when it has been known.
    pub since: DateTime<Utc>,
}

/// Answer of the query `state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InstanceView {
    /// The process manager.
    pub manager: String,
    /// The instance.
    pub process_id: String,
    /// The version of the process manager's code that the run keeps.
    pub version: u32,
    /// Its status.
    pub status: Status,
    /// Its state; `null` if it has none.
    pub state: Value,
    /// The name of the event that is being handled; `timer <name>` for a timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The names of that event's commands that have not been dispatched, at most the first hundred. They are absent
    /// while the event's commands were too many to be handed over from the previous run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_commands: Vec<String>,
    /// The time of its next retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// Its timers, in the order in which they are due. While the instance is parked, a due timer waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<TimerView>,
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ParkedFailure>,
    /// Why an operator is needed although it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    /// The command that has not succeeded for a while.
    // The query `state` and the memo are public, so the field keeps its first name there.
    #[serde(rename = "overdue", default, skip_serializing_if = "Option::is_none")]
    pub stalled: Option<StalledCommand>,
    /// Its outcome, once it has ended, if its process manager declares one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Events that wait their turn.
    pub queued_events: usize,
    /// Whether the instance ends once these are handled.
    #[serde(default)]
    pub ends_next: bool,
    /// How many events it has handled since it began.
    pub handled_events: u64,
    /// The ledger: what it has seen of each log.
    pub ledger: Ledger,
}

/// The part of an instance that an operator must know; empty while it runs without trouble. It is the memo of the
/// instance's workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ParkedFailure>,
    /// Why an operator is needed although it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    /// The command that has not succeeded for a while.
    // The query `state` and the memo are public, so the field keeps its first name there.
    #[serde(rename = "overdue", default, skip_serializing_if = "Option::is_none")]
    pub stalled: Option<StalledCommand>,
    /// Its outcome, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl Published {
    /// Returns whether an operator, or a service, is needed.
    #[must_use]
    pub fn is_incident(&self) -> bool {
        self.needs_operator() || self.stalled.is_some()
    }

    /// Returns whether an operator has to decide.
    #[must_use]
    pub fn needs_operator(&self) -> bool {
        self.failure.is_some() || self.attention.is_some()
    }

    /// Returns what the attention is about, if that is known.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.attention.as_ref()?.subject.as_deref()
    }
}

impl From<InstanceView> for Published {
    fn from(view: InstanceView) -> Self {
        Self { failure: view.failure, attention: view.attention, stalled: view.stalled, outcome: view.outcome }
    }
}

impl<M: ProcessManager> super::Instance<M> {
    /// Returns the public view of the instance.
    #[must_use]
    pub fn view(&self) -> InstanceView {
        let work = self.work.as_ref();
        let name = |work: &Work<M::Command>| -> Vec<String> {
            work.pending.iter().take(MOST_NAMES).map(|(_, outgoing)| command_name(&outgoing.command)).collect()
        };
        let state = match &self.held {
            Some(held) => held.state.clone(),
            None if self.started => serde_json::to_value(&self.state).unwrap_or_default(),
            None => Value::Null,
        };
        InstanceView {
            manager: M::NAME.to_owned(),
            process_id: self.id.clone(),
            version: self.version,
            status: self.status(),
            state,
            event: work.map(|work| work.event().kind.clone()),
            pending_commands: work.map(name).unwrap_or_default(),
            retry_at: work.and_then(|work| work.wait_until),
            timers: self.timers.view(),
            failure: self.parked.clone(),
            attention: self.attention(),
            stalled: self.stalled.clone(),
            outcome: self.outcome.clone(),
            queued_events: self.inbox.len(),
            ends_next: self.ends_next(),
            handled_events: self.handled_events,
            ledger: self.ledger.clone(),
        }
    }

    fn ends_next(&self) -> bool {
        match self.inbox.last_kind() {
            Some(last) => last == RouteKind::Stop,
            None => self.work.is_none() && self.ended.is_some(),
        }
    }

    fn status(&self) -> Status {
        match &self.work {
            _ if self.parked.is_some() => Status::Parked,
            Some(work) if work.wait_until.is_some() => Status::Retrying,
            Some(_) => Status::Handling,
            // The instance reads the events again.
            None if !self.inbox.is_empty() => Status::Handling,
            None if self.ended.is_some() => Status::Ended,
            None => Status::Waiting,
        }
    }
}

/// Returns the name of a command: its `type`.
#[must_use]
pub fn command_name<C: Serialize>(command: &C) -> String {
    tagged(command).map_or_else(|| "a command without a type".to_owned(), |(name, _)| name)
}
