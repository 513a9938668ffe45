//! The event that an instance is handling.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, Utc};
use process_manager_wire::{CloudEvent, Position};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delta;
use crate::manager::{Outgoing, RouteKind, timer::Settled};

/// An event that waits its turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The event, as it is in its log.
    pub event: CloudEvent,
    /// How it was routed to this instance.
    pub kind: RouteKind,
    /// Whether an operator asked for it. It was passed over before, so it may be below what the instance has accepted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub redelivered: bool,
    /// The logs that this one continues, according to an operator; the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continues: Vec<Continued>,
}

/// A log that another one continues, such as the one that a database had before it was restored from a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continued {
    /// The id of the former log.
    pub log: String,
    /// Up to this position, the events are the same in both.
    pub up_to: Position,
}

impl Delivery {
    /// Returns the delivery of an event that was routed in this way.
    #[must_use]
    pub fn new(event: CloudEvent, kind: RouteKind) -> Self {
        Self { event, kind, redelivered: false, continues: Vec::new() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Progress of the event that is being handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phase {
    /// A strict start or continuation is checked next.
    Beginning,
    /// `handle` is called next.
    Handling,
    /// `handle` is called again, for the commands that were not handed over.
    Recalling,
    /// Its commands are being dispatched, starting with the first pending one.
    Dispatching,
    /// `apply` is called next.
    Applying,
}

/// A call of `handle`: what it was given besides the state and the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handled {
    pub(super) version: u32,
    pub(super) at: DateTime<Utc>,
}

/// Commands that were left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recall {
    /// The number of the first one; those before it were dispatched.
    pub(super) next: u32,
    /// How many there are.
    pub(super) count: usize,
    pub(super) digest: u64,
}

/// A timer that is being handled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DueTimer {
    pub(super) name: String,
    /// Its number among all that were set; its commands' keys contain it.
    pub(super) number: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Work<C> {
    pub(super) queued: Delivery,
    pub(super) phase: Phase,
    /// The commands that are not dispatched yet, each with its number among the event's commands.
    pub(super) pending: VecDeque<(u32, Outgoing<C>)>,
    /// The next command's number.
    pub(super) next_number: u32,
    /// How often the current step has failed.
    pub(super) attempts: u32,
    /// The value that the last decision carried over.
    pub(super) carried: Value,
    /// The step waits until this time.
    pub(super) wait_until: Option<DateTime<Utc>>,
    /// The attempt fails at this time.
    pub(super) deadline: Option<DateTime<Utc>>,
    /// How often other commands replaced a failed one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) replacements: u32,
    /// Since when it has failed without any progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failing_since: Option<DateTime<Utc>>,
    /// The call of `handle` that returned the pending commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) handled: Option<Handled>,
    /// The pending commands that were not handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) recall: Option<Recall>,
    /// Whether the event's data was not handed over, and has to be read from the log again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) lacks_data: bool,
    /// The timer that is being handled. The event is then the one that set it, without its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timer: Option<DueTimer>,
    /// Whether the instance ends once everything is applied.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) stops: bool,
    /// The timer changes to make once everything is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) timers: Vec<Settled>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl<C> Work<C> {
    pub(super) fn new(queued: Delivery) -> Self {
        Self {
            queued,
            phase: Phase::Beginning,
            pending: VecDeque::new(),
            next_number: 0,
            attempts: 0,
            carried: Value::Null,
            wait_until: None,
            deadline: None,
            replacements: 0,
            failing_since: None,
            handled: None,
            recall: None,
            lacks_data: false,
            timer: None,
            stops: false,
            timers: Vec::new(),
        }
    }

    /// Begins with a due timer.
    pub(super) fn of_timer(timer: DueTimer, set_by: CloudEvent) -> Self {
        let queued = Delivery::new(set_by, RouteKind::Continue);
        Self { phase: Phase::Handling, timer: Some(timer), ..Self::new(queued) }
    }

    /// Replaces all pending commands with these.
    pub(super) fn replace(&mut self, commands: Vec<Outgoing<C>>) {
        // Wrapped numbers do not clash with recent commands; numbers that stayed the same would give two commands one
        // key.
        let first = self.next_number;
        self.pending = (0..).map(|count| first.wrapping_add(count)).zip(commands).collect();
        self.next_number = first.wrapping_add(u32::try_from(self.pending.len()).unwrap_or(u32::MAX));
        self.handled = None;
        self.attempts = 0;
        self.go_on();
    }

    /// Drops the current command.
    pub(super) fn drop_first(&mut self) {
        self.pending.pop_front();
        self.attempts = 0;
        self.go_on();
    }

    /// Starts the current step over, as if for the first time.
    pub(super) fn begin_again(&mut self) {
        self.attempts = 0;
        self.replacements = 0;
        self.failing_since = None;
        self.wait_until = None;
        self.carried = Value::Null;
    }

    /// Waits before the next step.
    pub(super) fn pause(&mut self, pause: Duration, now: DateTime<Utc>) {
        self.wait_until = now.checked_add_signed(delta(pause)).filter(|time| *time > now);
    }

    /// Takes the data that was not handed over; returns `false` if this is another event.
    pub(super) fn take_data(&mut self, events: Vec<CloudEvent>) -> bool {
        let Some(event) = events.into_iter().next() else { return false };
        let is_it = event.logid == self.event().logid && event.sequence == self.event().sequence;
        if is_it {
            self.queued.event = event;
            self.lacks_data = false;
        }
        is_it
    }

    pub(super) fn go_on(&mut self) {
        self.phase = if self.pending.is_empty() { Phase::Applying } else { Phase::Dispatching };
    }

    pub(super) fn event(&self) -> &CloudEvent {
        &self.queued.event
    }
}
