//! The parts of a state, and the steps from one to the next.

use std::rc::Rc;

use process_manager_wire::{CloudEvent, Position};
use serde_json::Value;

use crate::manager::{Refusal, RouteKind};

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// The next of a sequence of happenings.
    Happen(usize),
    /// An event of the log is recorded once more.
    Repeat(usize),
    Deliver {
        to: Rc<str>,
        log: Rc<str>,
    },
    Send {
        from: Rc<str>,
        reply: Reply,
    },
    /// An attempt arrives for which nobody waits any longer.
    Arrive(usize),
    /// Time passes until something is due, which is then done.
    Pass,
    /// Time passes, and whatever becomes due has to wait.
    PassAsleep,
    /// An instance does what is due.
    Wake(Rc<str>),
    /// Somebody ends the run.
    End(Rc<str>),
    Retry(Rc<str>),
    Acknowledge(Rc<str>),
    Instruct {
        to: Rc<str>,
        which: usize,
    },
    /// An operator resumes the subscription of a log.
    Resume(Rc<str>),
}

/// An event of a log.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) event: CloudEvent,
    pub(super) kind: RouteKind,
    pub(super) ids: Vec<String>,
    /// Whether it may be recorded once more.
    pub(super) may_repeat: bool,
    pub(super) digest: u64,
}

/// A subscription that stopped at this event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Stopped {
    pub(super) at: Position,
    /// Whether it may go on when an operator resumes it.
    pub(super) may_resume: bool,
}

/// A command that was sent under its key.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) command: String,
    /// The answer, once the command was accepted.
    pub(super) accepted: Option<Accepted>,
}

impl Known {
    pub(super) fn is_accepted(&self) -> bool {
        self.accepted.is_some()
    }
}

/// The answer to an accepted command; the answer to a question is an event.
pub(super) type Accepted = Option<(String, Value)>;

/// An attempt for which nobody waits any longer.
#[derive(Debug, Clone)]
pub(super) struct Attempt<C> {
    pub(super) key: Rc<str>,
    pub(super) command: C,
}

/// The result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// The services answer.
    Answer,
    /// The services refuse, for the reason with this index.
    Refuse(usize),
    /// The command is carried out, but its answer is lost: it will be sent again.
    Lose,
    /// No attempt is answered, not even the last; the command may still be on its way.
    GiveUp { on_the_way: bool },
    /// The receiver stays away.
    StayAway,
}

/// The answer that the instance receives.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    Accepted(Accepted),
    Refused(Refusal),
    NotDispatched,
    TimedOut,
}
