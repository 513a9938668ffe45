//! The steps of handling an event: where the user's code is called.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use process_manager_wire::{CloudEvent, panic_message};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Dispatch, Instance, Next,
    view::command_name,
    work::{Handled, Phase},
};
use crate::{
    failure_code,
    limits::{self, COMMAND_BYTES, STATE_BYTES, Unfit},
    manager::{
        Context, Error, Metadata, Outcome, Outgoing, ProcessManager, RouteKind,
        event::{Decoded, decode},
    },
};

impl<M: ProcessManager> Instance<M> {
    /// Begins with the current event, unless it is a strict one and its condition does not hold. The instance then stays
    /// as it is, and a retry checks again.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        let Some(work) = &mut self.work else { return };
        let error = match work.queued.kind {
            RouteKind::StartStrict if self.started => Some(Error::AlreadyStarted),
            RouteKind::ContinueStrict if !self.started => Some(Error::NotStarted),
            _ => None,
        };
        if error.is_none() || self.revision == 0 {
            work.phase = Phase::Handling;
            self.started = true;
            self.ended = None;
            self.outcome = None;
        }
        if let Some(error) = error {
            self.failed(error, now);
        }
    }

    pub(super) fn handle(&mut self, now: DateTime<Utc>) {
        let is_limited = self.is_limited();
        let commands = self.with_event(now, self.version, "handle", now, |state, event, context| {
            let commands = state.handle(event, context).map_err(Error::Handle)?.into_inner();
            if is_limited {
                check_commands(&commands)?;
            }
            Ok(commands)
        });
        match (commands, &mut self.work) {
            (Some(Ok(commands)), Some(work)) => {
                work.replace(commands);
                work.handled = Some(Handled { version: self.version, at: now });
                self.made_progress();
            }
            (Some(Err(error)), _) => self.failed(error, now),
            _ => (),
        }
    }

    pub(super) fn apply(&mut self, now: DateTime<Utc>) {
        let is_limited = self.is_limited();
        let applied = self.with_event(now, self.version, "apply", now, |state, event, context| {
            let mut next = state.clone();
            next.apply(event, context).map_err(Error::Apply)?;
            if is_limited {
                limits::check(&next, STATE_BYTES).map_err(|unfit| unfit.error("the state"))?;
            }
            Ok(next)
        });
        match applied {
            Some(Ok(state)) => {
                self.state = state;
                self.finish();
            }
            Some(Err(error)) => self.failed(error, now),
            None => (),
        }
    }

    /// Calls a function of the user with the current event, as of this time and version; parks the instance where the
    /// event can no longer be read.
    pub(super) fn with_event<T>(
        &mut self,
        at: DateTime<Utc>,
        version: u32,
        function: &'static str,
        now: DateTime<Utc>,
        call_it: impl FnOnce(&M, &M::Event, &Context<'_>) -> Result<T, Error<M::Error>>,
    ) -> Option<Result<T, Error<M::Error>>> {
        let (event, metadata) = match self.event_in_hand()? {
            Ok(known) => known,
            Err(why) => {
                self.park(failure_code::UNREADABLE, why, None, now);
                return None;
            }
        };
        let context = Context { process_id: &self.id, metadata: &metadata, now: at, version };
        let state = &self.state;
        Some(call(function, || call_it(state, &event, &context)).unwrap_or_else(Err))
    }

    /// Whether the run began with the limits of what may be handed over.
    pub(super) fn is_limited(&self) -> bool {
        self.revision > 0
    }

    /// Nothing fails again and again.
    pub(super) fn made_progress(&mut self) {
        self.stalled = None;
        if let Some(work) = &mut self.work {
            work.failing_since = None;
        }
    }

    pub(super) fn event_in_hand(&self) -> Option<Result<(M::Event, Metadata), String>> {
        self.work.as_ref().map(|work| decoded::<M>(work.event()))
    }

    /// Asks for the outcome of the instance that ends with this event. One that has ended before keeps its outcome.
    pub(super) fn outcome_with(&self, event: Option<&CloudEvent>) -> Option<Outcome> {
        if !self.started {
            return self.outcome.clone();
        }
        if self.held.is_some() {
            return None;
        }
        let (event, _) = decoded::<M>(event?).ok()?;
        match call::<_, M::Error>("outcome", || self.state.outcome(&event)) {
            Ok(outcome) => outcome.map(Outcome::within_limits),
            Err(error) => {
                tracing::warn!(process_id = self.id, %error, "the instance ends without an outcome");
                None
            }
        }
    }

    pub(super) fn dispatch(&self) -> Next<M::Command> {
        let Some((work, (number, outgoing))) = self.work.as_ref().and_then(|work| Some((work, work.pending.front()?)))
        else {
            return Next::Wait;
        };
        let event = work.event();
        let key = outgoing.settings.idempotency_key.clone().filter(|key| !key.is_empty());
        Next::Dispatch(Dispatch {
            outgoing: outgoing.clone(),
            idempotency_key: key.unwrap_or_else(|| self.keys.key(M::NAME, &self.id, event, *number)),
            correlation_id: event.correlationid.clone(),
            causation_id: event.id.clone(),
            deadline: work.deadline,
        })
    }
}

fn decoded<M: ProcessManager>(raw: &CloudEvent) -> Result<(M::Event, Metadata), String> {
    match catch_unwind(|| M::upcast(raw.clone())) {
        Err(panic) => Err(format!("upcast panicked: {}", panic_message(panic.as_ref()))),
        Ok(event) => match decode(&event) {
            Decoded::Event(decoded) => Ok((decoded, Metadata::from(&event))),
            Decoded::Unknown => Err(format!("{} is no event of this process manager any more", event.kind)),
            Decoded::Malformed(why) => Err(why),
        },
    }
}

/// Each command must be one that can be sent, before any of them is.
pub(super) fn check_commands<C, E>(commands: &[Outgoing<C>]) -> Result<(), Error<E>>
where
    C: Serialize + DeserializeOwned,
    E: std::error::Error + 'static,
{
    for outgoing in commands {
        let name = || format!("command {}", command_name(&outgoing.command));
        limits::check(outgoing, COMMAND_BYTES).map_err(|unfit| unfit.error(name()))?;
    }
    Ok(())
}

impl Unfit {
    pub(super) fn error<E: std::error::Error + 'static>(self, what: impl Into<String>) -> Error<E> {
        let what = what.into();
        match self {
            Self::TooLarge { bytes, most } => Error::TooLarge { what, bytes, most },
            Self::Unserializable(why) => Error::Unserializable { what, why },
        }
    }
}

/// Calls the user's code; a panic becomes an error.
pub(super) fn call<T, E: std::error::Error + 'static>(
    function: &'static str,
    it: impl FnOnce() -> T,
) -> Result<T, Error<E>> {
    // The state is either only read, or a copy that a panic throws away.
    catch_unwind(AssertUnwindSafe(it))
        .map_err(|panic| Error::Panicked { function, message: panic_message(panic.as_ref()) })
}
