//! One instance of a process manager, separate from Temporal: a state machine that takes events and answers, and
//! returns the next step.
//!
//! ```text
//!            ┌────────────────────── next event ───────────────────────┐
//!            ▼                                                         │
//!  Waiting ─► Handling ──► Dispatching, command by command ──► Applying ┘
//!                │  ▲             │  ▲                            │
//!                └──┴── on_error ─┴──┴───────────────────────────┘ ──► Parked ──► retry | acknowledge (Ended)
//! ```
//! A strict start or continuation is checked before it is handled. The queue waits while an event is handled, so events
//! are handled in the order of their delivery. A panic in the user's code does not get past this module.

mod answers;
mod decide;
mod from_outside;
mod handle;
mod held;
mod inbox;
mod instruct;
mod keys;
mod ledger;
mod next;
mod operate;
mod recall;
mod snapshot;
mod timers;
mod told;
mod view;
mod work;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

pub(crate) use self::{handle::call, snapshot::read_state};
use self::{
    held::Held,
    inbox::{Inbox, Turn},
    timers::Timers,
    work::{Phase, Work},
};
pub use self::{
    inbox::Fetch,
    instruct::{INSTRUCTIONS, Rejected},
    keys::KeyForm,
    ledger::Ledger,
    next::{Dispatch, Ended, Next},
    operate::{Acknowledge, Signalled},
    snapshot::{Snapshot, SnapshotError},
    timers::TimerView,
    told::stands_in_no_log,
    view::{InstanceView, ParkedFailure, Published, StalledCommand, Status, command_name},
    work::{Continued, Delivery},
};
use crate::manager::{Outcome, ProcessManager};

/// The revision of the rules in this module. A run keeps the revision that it began with, because its history must
/// replay. Revision 0 had no limits, forgot a strict check once it had failed, and had no pause before other commands
/// replaced a failed one. In revision 1, an instruction that still waited when the instance ended began another one. In
/// revision 2, an event beyond all that had been accepted counted again when its redelivery was repeated. In revision 3, a
/// timer could set itself again without a pause.
pub const REVISION: u32 = 4;

/// One instance.
#[derive(Debug, Clone)]
pub struct Instance<M: ProcessManager> {
    id: String,
    version: u32,
    revision: u32,
    event_timeout: Option<Duration>,
    keys: KeyForm,
    /// The worker's settings when the instance began.
    settings: Value,
    state: M,
    /// Replaces the state and the current event while this code cannot read them.
    held: Option<Held>,
    /// Whether an event has begun it.
    started: bool,
    inbox: Inbox,
    work: Option<Work<M::Command>>,
    ledger: Ledger,
    timers: Timers,
    parked: Option<ParkedFailure>,
    stalled: Option<StalledCommand>,
    failures: u32,
    handled_events: u64,
    ended: Option<Ended>,
    /// The outcome that its process manager declared when it ended.
    outcome: Option<Outcome>,
}

impl<M: ProcessManager> Instance<M> {
    /// Creates an instance that no event has begun yet; it keeps this version of the process manager.
    #[must_use]
    pub fn new(id: impl Into<String>, version: u32, ledger: Ledger) -> Self {
        Self {
            id: id.into(),
            version,
            revision: REVISION,
            event_timeout: M::options().event_timeout,
            keys: KeyForm::Full,
            settings: Value::Null,
            state: M::default(),
            held: None,
            started: false,
            inbox: Inbox::default(),
            work: None,
            ledger,
            timers: Timers::default(),
            parked: None,
            stalled: None,
            failures: 0,
            handled_events: 0,
            ended: None,
            outcome: None,
        }
    }

    /// Sets the limit that the run began with, in place of the one in today's options.
    #[must_use]
    pub fn with_event_timeout(self, event_timeout: Option<Duration>) -> Self {
        Self { event_timeout, ..self }
    }

    /// Sets the [`REVISION`] that the run began with.
    #[must_use]
    pub fn with_revision(self, revision: u32) -> Self {
        Self { revision, ..self }
    }

    /// Sets the form of the idempotency keys that the instance began with, in place of today's.
    #[must_use]
    pub fn with_keys(self, keys: KeyForm) -> Self {
        Self { keys, ..self }
    }

    /// Sets the settings that the instance began with.
    #[must_use]
    pub fn with_settings(self, settings: Value) -> Self {
        Self { settings, ..self }
    }

    /// Returns the settings that it began with.
    #[must_use]
    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// Returns the form of its idempotency keys.
    #[must_use]
    pub fn keys(&self) -> KeyForm {
        self.keys
    }

    /// Queues an event; returns `false` for a redelivery, which is ignored.
    pub fn deliver(&mut self, queued: Delivery) -> bool {
        let is_new = self.ledger.accept_under(self.revision, &queued);
        if is_new {
            self.inbox.push(queued);
        }
        is_new
    }

    /// Does everything that needs nothing from outside, and returns the next step that does.
    pub fn advance(&mut self, now: DateTime<Utc>) -> Next<M::Command> {
        loop {
            if self.parked.is_none() {
                self.park_held(now);
            }
            if self.parked.is_some() {
                return Next::Wait(None);
            }
            let Some(work) = &mut self.work else {
                match self.take_next(now) {
                    Some(next) => return next,
                    None => continue,
                }
            };
            if let Some(time) = work.wait_until.filter(|time| *time > now) {
                return Next::WaitUntil(time);
            }
            if work.lacks_data {
                let event = work.event();
                return Next::Fetch(Fetch { log: event.logid.clone(), positions: vec![event.sequence] });
            }
            if work.wait_until.take().is_some() || work.deadline.is_none() {
                work.deadline = self.event_timeout.and_then(|limit| now.checked_add_signed(delta(limit)));
            }
            match work.phase {
                Phase::Beginning => self.begin(now),
                Phase::Handling => self.handle(now),
                Phase::Recalling => self.recall(now),
                Phase::Applying => self.apply(now),
                Phase::Dispatching => return self.dispatch(),
            }
        }
    }

    /// Returns the ledger: what the instance has seen of each log.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the [`REVISION`] that it keeps.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Returns the failure with which it is parked.
    #[must_use]
    pub fn parked(&self) -> Option<&ParkedFailure> {
        self.parked.as_ref()
    }

    /// Begins with the next event or timer; returns the next step if there is none.
    fn take_next(&mut self, now: DateTime<Utc>) -> Option<Next<M::Command>> {
        let first_due = self.timers.first_due();
        if first_due.is_some_and(|due| due <= now && self.inbox.first_time().is_none_or(|recorded| due < recorded)) {
            self.work = self.timers.take_first().map(|(timer, set_by)| Work::of_timer(timer, set_by));
            return None;
        }
        let queued = match self.inbox.next() {
            Some(Turn::Event(queued)) if self.is_too_late(&queued.event) => {
                self.ledger.handled(&queued.event.logid, queued.event.sequence);
                return None;
            }
            Some(Turn::Event(queued)) => *queued,
            Some(Turn::Fetch(fetch)) => return Some(Next::Fetch(fetch)),
            Some(Turn::Stop { log, position, event }) => {
                self.ledger.handled(&log, position);
                let outcome = self.outcome_with(event.as_deref());
                self.reset(Ended::Stopped, outcome);
                return None;
            }
            None => return Some(self.ended.map_or_else(|| Next::Wait(self.timers.first_view()), Next::End)),
        };
        self.work = Some(Work::new(queued));
        None
    }

    /// Ends the current event, which has been handled or is skipped.
    fn finish(&mut self) {
        let Some(work) = self.work.take() else { return };
        self.stalled = None;
        self.ledger.handled(&work.event().logid, work.event().sequence);
        self.handled_events = self.handled_events.saturating_add(1);
    }

    /// Ends the instance with the current event.
    fn end(&mut self) {
        let outcome = self.outcome_with(self.work.as_ref().map(Work::event));
        self.finish();
        self.reset(Ended::Stopped, outcome);
    }

    /// Forgets everything but the ledger. Waiting events start the instance anew.
    fn reset(&mut self, ended: Ended, outcome: Option<Outcome>) {
        let ledger = std::mem::take(&mut self.ledger).without_batches();
        let timers = self.timers.cleared();
        let settings = std::mem::take(&mut self.settings);
        let inbox = std::mem::take(&mut self.inbox);
        let id = std::mem::take(&mut self.id);
        let failures = self.failures;
        let (event_timeout, revision, keys) = (self.event_timeout, self.revision, self.keys);
        let new = Self::new(id, self.version, ledger);
        *self = Self {
            inbox,
            timers,
            settings,
            failures,
            event_timeout,
            revision,
            keys,
            ended: Some(ended),
            outcome,
            ..new
        };
    }
}

fn delta(duration: Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(duration).unwrap_or(chrono::TimeDelta::MAX)
}

#[cfg(test)]
mod tests;
