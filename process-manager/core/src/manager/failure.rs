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
        /// The function that panicked.
        function: &'static str,
        /// The panic message.
        message: String,
    },
    /// The state that `apply` made, or a command that `handle` returned, exceeds its [limit](crate::limits). Nothing of
    /// it was sent, and the state is as it was before.
    #[error("{what} is too large: {bytes} bytes, where at most {most} are possible")]
    TooLarge {
        /// What is too large: the state, or which command.
        what: String,
        /// Its size as JSON.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The state that `apply` made, or a command that `handle` returned, cannot be written as JSON and read again, so
    /// it would be lost. Nothing of it was sent, and the state is as it was before.
    #[error("{what} cannot be written as JSON and read again: {why}")]
    Unserializable {
        /// What does not fit JSON: the state, or which command.
        what: String,
        /// The reason, in words.
        why: String,
    },
    /// The event's commands were too many to be handed over from run to run, some were sent, and `handle` no longer
    /// returns the same ones: its code has changed without a new [`VERSION`](crate::manager::ProcessManager::VERSION).
    /// A retry calls it again.
    #[error("handle no longer returns the commands of which the first {sent} were sent")]
    CommandsChanged {
        /// How many were sent.
        sent: u32,
    },
    /// `handle` or `on_error` sets a timer that cannot exist: its name or time is invalid, or there are too many.
    #[error("{0}")]
    InvalidTimer(String),
    /// The receiver refused the command.
    #[error("{0}")]
    Refused(Refusal),
    /// The command did not succeed in as many attempts as its retry policy allows, or the dispatcher cannot send it.
    #[error("the command was not dispatched: {0}")]
    Dispatch(String),
    /// The event was not handled within `event_timeout`.
    #[error("not handled within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A `start_strict` event reached an instance that already exists; the race was detected only inside the instance.
    #[error("the instance has been started already")]
    AlreadyStarted,
    /// A strict continuation reached an instance that had ended meanwhile.
    #[error("the instance has not been started")]
    NotStarted,
}

/// A receiver's refusal, a business "no": repeating the command is pointless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("refused ({code}): {detail}")]
pub struct Refusal {
    /// Stable, in kebab case.
    pub code: String,
    /// The explanation, in words.
    pub detail: String,
}

impl Refusal {
    /// Returns the refusal with its code and detail cut to their [limits](crate::limits).
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
    /// How often this has failed, including this time.
    pub attempts: u32,
    /// The value that the last decision about this event carried over; `null` at first, and after an operator's retry.
    pub carried: &'a Value,
    /// The instance's id.
    pub process_id: &'a str,
    /// The time; it is the same in a replay.
    pub now: DateTime<Utc>,
    /// The version that this run began with. If new code changes decisions, it must keep the old ones for runs of the
    /// old version. Parked instances need no care: an operator's retry begins a run of the current version.
    pub version: u32,
}

/// A command failed.
#[derive(Debug)]
pub struct CommandFailure<'a, M: ProcessManager> {
    pub(crate) context: FailureContext<'a, M>,
    pub(crate) command: &'a M::Command,
}

/// What happens to the commands behind one that is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// They are dispatched.
    Continue,
    /// They are dropped.
    Discard,
}

/// A decision about a failure, made by the methods of [`Failure`] and [`CommandFailure`].
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
    /// Returns the failure's context.
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

    /// Retries at once. An event that failed in `apply` is only applied again; a command is sent with the same key.
    /// From the sixth attempt on there is a pause, which doubles from 200 ms to at most 30 s.
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

    /// Returns the refusal, if a receiver refused a command.
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

    /// Drops the failed command, and continues with or without the commands behind it; then the event is applied.
    #[must_use]
    pub fn skip_command(&self, pending: Pending) -> OnError<M::Command> {
        OnError(Decision::SkipCommand(pending))
    }

    /// Dispatches these commands in place of the failed one and all behind it (if there are none, all are dropped);
    /// then the event is applied. Each gets its own key. From the sixth such decision about an event on there is a
    /// pause, which doubles from 200 ms to at most 30 s.
    #[must_use]
    pub fn continue_with(&self, commands: impl Into<Commands<M::Command>>) -> OnError<M::Command> {
        self.continue_carrying(commands, Value::Null)
    }

    /// Does the same as [`Self::continue_with`], and carries a value over to the next failure of this event.
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
    /// The event's type is one of the process manager's, but the data does not fit it; or the log entry is not an event
    /// at all. For such an entry only position and log are known.
    #[error("it cannot be read: {0}")]
    Malformed(String),
    /// `route` returned something that cannot be an id.
    #[error("{0:?} cannot name an instance: 1 to 200 characters, no control characters")]
    InvalidId(String),
    /// A strict start found an existing instance.
    #[error("instance {0} has been started already")]
    AlreadyStarted(String),
    /// A strict continuation found no instance.
    #[error("instance {0} has not been started")]
    NotStarted(String),
    /// The instance cannot take the event. Temporal rejects it as too large; or the instance has taken as many signals
    /// as Temporal allows; or it ended without a trace of the events that it had seen; or delivery to it failed for a
    /// while in which deliveries to others succeeded.
    #[error("instance {id} cannot take the event: {why}")]
    Undeliverable {
        /// The instance.
        id: String,
        /// The reason, such as Temporal's answer.
        why: String,
    },
}

/// A decision about an event that could not be routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRoutingError {
    /// The subscription stops at this event, visibly, until an operator resumes it.
    Stop,
    /// The event is skipped.
    Skip,
    /// It is retried at once; at most ten times if an operator asked for the event again.
    Retry,
    /// It is retried after a delay, which survives restarts.
    RetryAfter(Duration),
}
