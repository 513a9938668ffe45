//! The steps of handling an event: where the user's code is called.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use process_manager_wire::{CloudEvent, panic_message};

use super::{Dispatch, Instance, Next};
use crate::{
    failure_code,
    manager::{
        Context, Error, Metadata, Outcome, ProcessManager,
        event::{Decoded, decode},
    },
};

impl<M: ProcessManager> Instance<M> {
    pub(super) fn handle(&mut self, now: DateTime<Utc>) {
        let commands =
            self.with_event(now, "handle", |state, event, context| state.handle(event, context).map_err(Error::Handle));
        match (commands, &mut self.work) {
            (Some(Ok(commands)), Some(work)) => work.replace(commands.into_inner()),
            (Some(Err(error)), _) => self.failed(error, now),
            _ => (),
        }
    }

    pub(super) fn apply(&mut self, now: DateTime<Utc>) {
        let applied = self.with_event(now, "apply", |state, event, context| {
            let mut next = state.clone();
            next.apply(event, context).map_err(Error::Apply)?;
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

    /// Calls a function of the user with the current event; parks the instance where the event can no longer be read.
    fn with_event<T>(
        &mut self,
        now: DateTime<Utc>,
        function: &'static str,
        call_it: impl FnOnce(&M, &M::Event, &Context<'_>) -> Result<T, Error<M::Error>>,
    ) -> Option<Result<T, Error<M::Error>>> {
        let (event, metadata) = match self.event_in_hand()? {
            Ok(known) => known,
            Err(why) => {
                self.park(failure_code::UNREADABLE.to_owned(), why, None, now);
                return None;
            }
        };
        let context = Context { process_id: &self.id, metadata: &metadata, now, version: self.version };
        let state = &self.state;
        Some(call(function, || call_it(state, &event, &context)).unwrap_or_else(Err))
    }

    pub(super) fn event_in_hand(&self) -> Option<Result<(M::Event, Metadata), String>> {
        self.work.as_ref().map(|work| decoded::<M>(work.event()))
    }

    /// Asks for the outcome of the instance that ends with this event. One that has ended before keeps its outcome.
    pub(super) fn outcome_with(&self, event: Option<&CloudEvent>) -> Option<Outcome> {
        if !self.started {
            return self.outcome.clone();
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
        let key = outgoing.settings.idempotency_key.clone();
        Next::Dispatch(Dispatch {
            outgoing: outgoing.clone(),
            idempotency_key: key.unwrap_or_else(|| idempotency_key(&self.id, event, *number)),
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

/// `<process id>/<event id>/<n>`. The parts that come from outside may hold what a header cannot.
fn idempotency_key(id: &str, event: &CloudEvent, number: u32) -> String {
    format!("{id}/{}/{number}", event.id)
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
