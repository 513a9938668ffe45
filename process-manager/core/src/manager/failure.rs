//! Failures, and the decisions of a process manager about them.

use std::{error::Error as StdError, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Commands, Metadata, ProcessManager};
use crate::limits::{self, CODE_CHARS};

/// Error of an event or a command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E: StdError + 'static> {
    /// `handle` failed.
    #[error("handle failed: {0}")]
    Handle(#[source] E),
    /// `apply` failed. The event's commands were dispatched, and are not sent again.
    #[error("apply failed: {0}")]
    Apply(#[source] E),
    /// `handle`, `apply` or `after_command` panicked.
    #[error("{function} panicked: {message}")]
    Panicked {
        /// Which of them.
        function: &'static str,
        /// The message of the panic.
        message: String,
    },
    /// The state that `apply` made, or a command that `handle` returned, is larger than its [limit](crate::limits).
    /// Nothing of it was sent, and the state is as it was before.
    #[error("{what} is too large: {bytes} bytes, where at most {most} are possible")]
    TooLarge {
        /// The state, or which command.
        what: String,
        /// Its size as JSON.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The state that `apply` made, or a command that `handle` returned, cannot be written as JSON and read again, so it
    /// would be lost. Nothing of it was sent, and the state is as it was before.
    #[error("{what} cannot be written as JSON and read again: {why}")]
    Unserializable {
        /// The state, or which command.
        what: String,
        /// In words.
        why: String,
    },
    /// The event's commands were too many to be handed over from run to run, some of them were sent, and `handle` no
    /// longer returns the same ones: its code has changed without a new
    /// [`VERSION`](crate::manager::ProcessManager::VERSION). A retry calls it again.
    #[error("handle no longer returns the commands of which the first {sent} were sent")]
    CommandsChanged {
        /// How many were sent.
        sent: u32,
    },
    /// A timer cannot be like the one that `handle` or `on_error` sets: its name, its time, or too many of them.
    #[error("{0}")]
    InvalidTimer(String),
    /// The receiver refused the command.
    #[error("{0}")]
    Refused(Refusal),
    /// The command did not succeed as often as its retry policy tries, or the dispatcher cannot send it.
    #[error("the command was not dispatched: {0}")]
    Dispatch(String),
    /// The event was not handled within `event_timeout`.
    #[error("not handled within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A `start_strict` event reached an instance that already exists; the race was only detected inside the instance.
    #[error("the instance has been started already")]
    AlreadyStarted,
    /// A strict continuation met an instance that had ended meanwhile.
    #[error("the instance has not been started")]
    NotStarted,
}

/// A refusal of the receiver, a business "no": repeating the command is pointless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("refused ({code}): {detail}")]
pub struct Refusal {
    /// Stable, in kebab case.
    pub code: String,
    /// In words.
    pub detail: String,
}

impl Refusal {
    /// Returns it with the code and the detail cut to their [limits](crate::limits).
    #[must_use]
    pub fn within_limits(self) -> Self {
        Self { code: limits::cut_to(self.code, CODE_CHARS), detail: limits::cut(self.detail) }
    }
}

/// A failure, as [`ProcessManager::on_error`] receives it. Each kind offers the decisions that make sense for it.
#[derive(Debug)]
pub enum Failure<'a, M: ProcessManager> {
    /// The event itself: `handle` or `apply`.
    Event(FailureContext<'a, M>),
    /// One of the event's commands.
    Command(CommandFailure<'a, M>),
}

/// Context of a failure.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailureContext<'a, M: ProcessManager> {
    /// The error.
    pub error: &'a Error<M::Error>,
    /// The event that was being handled; `None` while a timer is handled.
    pub event: Option<&'a M::Event>,
    /// The name of the timer that was being handled.
    pub timer: Option<&'a str>,
    /// The metadata of the event, or of the event that set the timer.
    pub metadata: &'a Metadata,
    /// The commands of the event that have not been dispatched, the failed one first.
    pub pending: Vec<&'a M::Command>,
    /// How often this has failed, this time included.
    pub attempts: u32,
    /// The value that the last decision about this event carried over; `null` at first, and after an operator's retry.
    pub carried: &'a Value,
    /// The instance's id.
    pub process_id: &'a str,
    /// The time, the same when this is replayed.
    pub now: DateTime<Utc>,
    /// The version with which this run began: code that changes decisions keeps the old ones for runs of the old
    /// version. An instance that is parked needs no care: an operator's retry begins a run of today's version.
    pub version: u32,
}

/// A command failed.
#[derive(Debug)]
pub struct CommandFailure<'a, M: ProcessManager> {
    pub(crate) context: FailureContext<'a, M>,
    pub(crate) command: &'a M::Command,
}

/// Treatment of the commands behind one that is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// They are dispatched.
    Continue,
    /// They are dropped.
    Discard,
}

/// Decision about a failure, made by the methods of [`Failure`] and [`CommandFailure`].
#[derive(Debug, Clone, PartialEq)]
pub struct OnError<C>(pub(crate) Decision<C>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision<C> {
    Retry { after: Option<Duration>, carried: Value },
    SkipEvent,
    SkipCommand(Pending),
    Continue { commands: Commands<C>, carried: Value },
    Stop { reason: Option<String> },
}

impl<'a, M: ProcessManager> Failure<'a, M> {
    /// Returns its context.
    #[must_use]
    pub fn context(&self) -> &FailureContext<'a, M> {
        match self {
            Self::Event(context) => context,
            Self::Command(failure) => &failure.context,
        }
    }

    /// Parks the instance with the error, until an operator retries or acknowledges.
    #[must_use]
    pub fn stop(&self) -> OnError<M::Command> {
        OnError(Decision::Stop { reason: None })
    }

    /// Retries at once: an event that failed in `apply` is only applied, a command is sent with the same key. From the
    /// sixth attempt on there is a pause, which doubles from 200 ms to at most 30 s.
    #[must_use]
    pub fn retry(&self, carried: impl Into<Value>) -> OnError<M::Command> {
        OnError(Decision::Retry { after: None, carried: carried.into() })
    }

    /// Retries after a delay, which survives restarts.
    #[must_use]
    pub fn retry_after(&self, delay: Duration, carried: impl Into<Value>) -> OnError<M::Command> {
        OnError(Decision::Retry { after: Some(delay), carried: carried.into() })
    }

    /// Parks the instance for this reason, until an operator retries or acknowledges.
    #[must_use]
    pub fn stop_because(&self, reason: impl Into<String>) -> OnError<M::Command> {
        OnError(Decision::Stop { reason: Some(reason.into()) })
    }

    /// Skips the event: its pending commands are dropped, and it is not applied.
    #[must_use]
    pub fn skip_event(&self) -> OnError<M::Command> {
        OnError(Decision::SkipEvent)
    }

    /// Returns the refusal, where a receiver refused a command.
    #[must_use]
    pub fn refusal(&self) -> Option<&'a Refusal> {
        match self.context().error {
            Error::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl<'a, M: ProcessManager> CommandFailure<'a, M> {
    /// Returns the command that failed.
    #[must_use]
    pub fn command(&self) -> &'a M::Command {
        self.command
    }

    /// Drops the failed command, and continues with the ones behind it or without them; then the event is applied.
    #[must_use]
    pub fn skip_command(&self, pending: Pending) -> OnError<M::Command> {
        OnError(Decision::SkipCommand(pending))
    }

    /// Dispatches these commands in the place of the failed one and all behind it (none of them: drops them all); then
    /// the event is applied. Each gets a key of its own. From the sixth such decision about an event on there is a pause,
    /// which doubles from 200 ms to at most 30 s.
    #[must_use]
    pub fn continue_with(&self, commands: impl Into<Commands<M::Command>>) -> OnError<M::Command> {
        self.continue_carrying(commands, Value::Null)
    }

    /// As [`Self::continue_with`], and carries something over to the next failure of this event.
    #[must_use]
    pub fn continue_carrying(
        &self,
        commands: impl Into<Commands<M::Command>>,
        carried: impl Into<Value>,
    ) -> OnError<M::Command> {
        OnError(Decision::Continue { commands: commands.into(), carried: carried.into() })
    }
}

/// Why an event could not be routed or delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoutingError<E: StdError + 'static> {
    /// `route` failed.
    #[error("route failed: {0}")]
    Route(#[source] E),
    /// `route` or `upcast` panicked.
    #[error("route panicked: {0}")]
    Panicked(String),
    /// The event's type is one of the process manager's, and its data is not that of such an event; or the entry of
    /// the log is no event at all. Of such an entry only position and log are known.
    #[error("it cannot be read: {0}")]
    Malformed(String),
    /// `route` named something that cannot be an id.
    #[error("{0:?} cannot name an instance: 1 to 200 characters, no control characters")]
    InvalidId(String),
    /// A strict start met an instance.
    #[error("instance {0} has been started already")]
    AlreadyStarted(String),
    /// A strict continuation met no instance.
    #[error("instance {0} has not been started")]
    NotStarted(String),
    /// The instance cannot take the event: Temporal rejects it as too large, the instance has taken as many signals as
    /// Temporal allows, it ended without a trace of the events that it had seen, or its delivery failed for a while in
    /// which those of others succeeded.
    #[error("instance {id} cannot take the event: {why}")]
    Undeliverable {
        /// The instance.
        id: String,
        /// The reason, such as Temporal's answer.
        why: String,
    },
}

/// Decision about an event that could not be routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRoutingError {
    /// The subscription stops at this event, visibly, until an operator resumes it.
    Stop,
    /// The event is skipped.
    Skip,
    /// It is retried at once; ten times at most where an operator has asked for the event again.
    Retry,
    /// It is retried after a delay, which survives restarts.
    RetryAfter(Duration),
}
