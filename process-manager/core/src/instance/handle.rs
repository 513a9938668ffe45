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
        Attention, Commands, Context, Error, Metadata, Outcome, Outgoing, ProcessManager, RouteKind,
        event::{Decoded, decode},
    },
};

impl<M: ProcessManager> Instance<M> {
    /// Begins with the current event, unless it is strict and its condition does not hold. The instance then stays as
    /// it is, and a retry checks again.
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
        let timers = self.timers.clone();
        let commands = self.with_cause(now, self.version, "handle", now, |state, cause, context| {
            let commands = cause.handle(state, context).map_err(Error::Handle)?;
            if is_limited {
                check_commands(commands.as_slice())?;
            }
            let timers = timers.settle(&[], commands.timers(), now).map_err(Error::InvalidTimer)?;
            Ok((commands.stops(), commands.into_inner(), timers))
        });
        match (commands, &mut self.work) {
            (Some(Ok((stops, commands, timers))), Some(work)) => {
                work.replace(commands);
                work.stops = stops;
                work.timers = timers;
                work.handled = Some(Handled { version: self.version, at: now });
                self.made_progress();
            }
            (Some(Err(error)), _) => self.failed(error, now),
            _ => (),
        }
    }

    pub(super) fn apply(&mut self, now: DateTime<Utc>) {
        let is_limited = self.is_limited();
        let applied = self.with_cause(now, self.version, "apply", now, |state, cause, context| {
            let mut next = state.clone();
            cause.apply(&mut next, context).map_err(Error::Apply)?;
            if is_limited {
                limits::check(&next, STATE_BYTES).map_err(|unfit| unfit.error("the state"))?;
            }
            Ok(next)
        });
        match applied {
            Some(Ok(state)) => {
                self.state = state;
                let Some(work) = &mut self.work else { return };
                if work.stops {
                    return self.end();
                }
                let mut timers = std::mem::take(&mut work.timers);
                if work.timer.is_some() && self.revision > 3 {
                    timers.iter_mut().for_each(|change| change.pause(now));
                }
                self.timers.change(timers, &work.queued.event);
                self.finish();
            }
            Some(Err(error)) => self.failed(error, now),
            None => (),
        }
    }

    /// Calls a function of the user with the current event or timer, as of this time and version. Parks the instance if
    /// the event can no longer be read.
    pub(super) fn with_cause<T>(
        &mut self,
        at: DateTime<Utc>,
        version: u32,
        function: &'static str,
        now: DateTime<Utc>,
        call_it: impl FnOnce(&M, &Cause<M::Event>, &Context<'_>) -> Result<T, Error<M::Error>>,
    ) -> Option<Result<T, Error<M::Error>>> {
        let (cause, metadata) = match self.cause_in_hand()? {
            Ok(known) => known,
            Err(why) => {
                self.park(failure_code::UNREADABLE, why, None, now);
                return None;
            }
        };
        let context = Context { process_id: &self.id, metadata: &metadata, now: at, version, settings: &self.settings };
        let state = &self.state;
        Some(call(function, || call_it(state, &cause, &context)).unwrap_or_else(Err))
    }

    /// Returns whether the run began with limits on what may be handed over.
    pub(super) fn is_limited(&self) -> bool {
        self.revision > 0
    }

    /// Records progress: nothing keeps failing.
    pub(super) fn made_progress(&mut self) {
        self.stalled = None;
        if let Some(work) = &mut self.work {
            work.failing_since = None;
        }
    }

    pub(super) fn cause_in_hand(&self) -> Option<Result<Known<M::Event>, String>> {
        let work = self.work.as_ref()?;
        Some(match &work.timer {
            Some(timer) => Ok((Cause::Timer(timer.name.clone()), Metadata::from(work.event()))),
            None => decoded::<M>(work.event()).map(|(event, metadata)| (Cause::Event(event), metadata)),
        })
    }

    /// Asks whether an operator is needed although the instance goes on.
    pub(super) fn attention(&self) -> Option<Attention> {
        if !self.started || self.held.is_some() {
            return None;
        }
        call::<_, M::Error>("attention", || self.state.attention(self.version)).unwrap_or_else(|error| {
            tracing::warn!(process_id = self.id, %error, "whether an operator is needed is not known");
            None
        })
    }

    /// Asks for the outcome of the instance that ends with this event. An instance that ended before keeps its outcome.
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
            return Next::Wait(None);
        };
        let event = work.event();
        let key = outgoing.settings.idempotency_key.clone().filter(|key| !key.is_empty());
        Next::Dispatch(Dispatch {
            outgoing: outgoing.clone(),
            idempotency_key: key
                .unwrap_or_else(|| self.keys.key(M::NAME, &self.id, event, work.timer.as_ref(), *number)),
            correlation_id: event.correlationid.clone(),
            causation_id: event.id.clone(),
            deadline: work.deadline,
        })
    }
}

/// The event or timer that an instance handles, with its metadata.
type Known<E> = (Cause<E>, Metadata);

/// The event or timer that an instance handles.
#[derive(Debug)]
pub(super) enum Cause<E> {
    Event(E),
    Timer(String),
}

impl<E> Cause<E> {
    pub(super) fn handle<M>(&self, state: &M, context: &Context<'_>) -> Result<Commands<M::Command>, M::Error>
    where
        M: ProcessManager<Event = E>,
    {
        match self {
            Self::Event(event) => state.handle(event, context),
            Self::Timer(name) => state.handle_timer(name, context),
        }
    }

    fn apply<M: ProcessManager<Event = E>>(&self, state: &mut M, context: &Context<'_>) -> Result<(), M::Error> {
        match self {
            Self::Event(event) => state.apply(event, context),
            Self::Timer(name) => state.apply_timer(name, context),
        }
    }

    pub(super) fn event(&self) -> Option<&E> {
        match self {
            Self::Event(event) => Some(event),
            Self::Timer(_) => None,
        }
    }

    pub(super) fn timer(&self) -> Option<&str> {
        match self {
            Self::Event(_) => None,
            Self::Timer(name) => Some(name),
        }
    }
}

pub(super) fn decoded<M: ProcessManager>(raw: &CloudEvent) -> Result<(M::Event, Metadata), String> {
    match catch_unwind(|| M::upcast(raw.clone())) {
        Err(panic) => Err(format!("upcast panicked: {}", panic_message(panic.as_ref()))),
        Ok(event) => match decode(&event) {
            Decoded::Event(decoded) => Ok((decoded, Metadata::from(&event))),
            Decoded::Unknown => Err(format!("{} is no event of this process manager any more", event.kind)),
            Decoded::Malformed(why) => Err(why),
        },
    }
}

/// Checks that every command can be sent, before any of them is sent.
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
pub(crate) fn call<T, E: std::error::Error + 'static>(
    function: &'static str,
    it: impl FnOnce() -> T,
) -> Result<T, Error<E>> {
    // The state is only read, or is a copy that a panic discards.
    catch_unwind(AssertUnwindSafe(it))
        .map_err(|panic| Error::Panicked { function, message: panic_message(panic.as_ref()) })
}
