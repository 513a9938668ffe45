//! A process manager whose decisions are recorded.

use process_manager_wire::CloudEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    step::{Step, note},
    words::{commands, decision, failed, value},
};
use crate::{
    instance::{SnapshotError, call, command_name, read_state},
    manager::{
        AfterCommand, Attention, CommandFailure, Commands, Context, Error, Failure, FailureContext, Metadata, OnError,
        OnRoutingError, Options, Outcome, ProcessManager, Route, RoutingError,
    },
};

/// A process manager that decides as `M` does, under its name and with its state, and records what it decides.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Observed<M>(M);

impl<M: ProcessManager> Observed<M> {
    /// Reads a state of an older version as a state of this code's version.
    ///
    /// # Errors
    /// [`SnapshotError`] if it cannot be migrated, or the migrated state does not fit the type.
    pub fn read(version: u32, state: Value) -> Result<Self, SnapshotError> {
        read_state(M::VERSION, version, state).map(Self)
    }

    fn step(&self, function: &str, context: &Context<'_>, about: String, answer: Value) -> Step {
        Step {
            function: function.to_owned(),
            about,
            event_id: context.metadata.id.clone(),
            version: Some(context.version),
            answer,
            given: value(&self.0),
            anew: None,
        }
    }

    /// Records the commands, and those that would follow under this code's version.
    fn handled(
        &self,
        (function, about, context): (&str, String, &Context<'_>),
        handled: Result<Commands<M::Command>, M::Error>,
        handle: impl FnOnce(&M, &Context<'_>) -> Result<Commands<M::Command>, M::Error>,
    ) -> Result<Commands<M::Command>, M::Error> {
        let told = |handled: &Result<Commands<M::Command>, M::Error>| match handled {
            Ok(handled) => commands(handled, context.now),
            Err(error) => failed(error),
        };
        let today = Context { version: M::VERSION, ..*context };
        let anew = self.anew(context.version, |state| told(&handle(state, &today)));
        note(Step { anew, ..self.step(function, context, about, told(&handled)) });
        handled
    }

    /// Asks under this code's version, if that is newer and the code can read the state.
    fn anew(&self, version: u32, ask: impl FnOnce(&M) -> Value) -> Option<Value> {
        let state = self.migrated(version)?.ok()?;
        Some(call::<_, M::Error>("the new version", || ask(&state)).unwrap_or_else(|panic| failed(&panic)))
    }

    /// Returns the state migrated to this code's version, if that is newer.
    fn migrated(&self, version: u32) -> Option<Result<M, String>> {
        let state = (version < M::VERSION).then(|| serde_json::to_value(&self.0).ok()).flatten()?;
        let read = read_state::<M>(M::VERSION, version, state);
        Some(read.map_err(|error| process_manager_wire::error_chain(&error)))
    }

    /// Records the state after an event or a timer.
    fn applied(&self, (function, about, context): (&str, String, &Context<'_>), applied: &Result<(), M::Error>) {
        let answer = match applied {
            Ok(()) => json!({"state": value(&self.0)}),
            Err(error) => failed(error),
        };
        let migrated = self.migrated(context.version).filter(|_| applied.is_ok());
        let anew = migrated.map(|it| it.map_or_else(|why| failed(&why), |state| json!({"state": value(&state)})));
        note(Step { anew, ..self.step(function, context, about, answer) });
    }
}

impl<M: ProcessManager> ProcessManager for Observed<M> {
    const NAME: &'static str = M::NAME;
    const VERSION: u32 = M::VERSION;
    type Event = M::Event;
    type Command = M::Command;
    type Error = M::Error;

    fn options() -> Options {
        M::options()
    }

    fn upcast(event: CloudEvent) -> CloudEvent {
        M::upcast(event)
    }

    fn route(event: &M::Event, metadata: &Metadata) -> Result<Route, M::Error> {
        M::route(event, metadata)
    }

    fn handle(&self, event: &M::Event, context: &Context<'_>) -> Result<Commands<M::Command>, M::Error> {
        let asked = ("handle", context.metadata.kind.clone(), context);
        self.handled(asked, self.0.handle(event, context), |state, context| state.handle(event, context))
    }

    fn apply(&mut self, event: &M::Event, context: &Context<'_>) -> Result<(), M::Error> {
        let applied = self.0.apply(event, context);
        self.applied(("apply", context.metadata.kind.clone(), context), &applied);
        applied
    }

    fn handle_timer(&self, timer: &str, context: &Context<'_>) -> Result<Commands<M::Command>, M::Error> {
        let asked = ("handle_timer", format!("timer {timer}"), context);
        self.handled(asked, self.0.handle_timer(timer, context), |state, context| state.handle_timer(timer, context))
    }

    fn apply_timer(&mut self, timer: &str, context: &Context<'_>) -> Result<(), M::Error> {
        let applied = self.0.apply_timer(timer, context);
        self.applied(("apply_timer", format!("timer {timer}"), context), &applied);
        applied
    }

    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<M::Command> {
        let context = failure.context();
        let (now, version) = (context.now, context.version);
        let decided = self.0.on_error(of_inner(&failure, version));
        let step = Step {
            function: "on_error".to_owned(),
            about: context.timer.map_or_else(|| context.metadata.kind.clone(), |timer| format!("timer {timer}")),
            event_id: context.metadata.id.clone(),
            version: Some(version),
            answer: json!({"failure": told(&failure), "decision": decision(&decided, now)}),
            given: value(&self.0),
            anew: self.anew(version, |state| {
                let decided = state.on_error(of_inner(&failure, M::VERSION));
                json!({"failure": told(&failure), "decision": decision(&decided, now)})
            }),
        };
        note(step);
        decided
    }

    fn on_routing_error(error: &RoutingError<M::Error>, metadata: &Metadata, attempt: u32) -> OnRoutingError {
        M::on_routing_error(error, metadata, attempt)
    }

    fn after_command(&self, command: &M::Command) -> AfterCommand {
        let after = self.0.after_command(command);
        let answer = json!(match after {
            AfterCommand::Continue => "the instance goes on",
            AfterCommand::Stop => "the instance ends",
        });
        self.plain("after_command", command_name(command), answer);
        after
    }

    fn outcome(&self, event: &M::Event) -> Option<Outcome> {
        let outcome = self.0.outcome(event);
        self.plain("outcome", "the end".to_owned(), json!({"outcome": outcome}));
        outcome
    }

    fn attention(&self, version: u32) -> Option<Attention> {
        let attention = self.0.attention(version);
        self.plain("attention", "the state".to_owned(), value(&attention));
        attention
    }

    fn is_question(command: &M::Command) -> bool {
        M::is_question(command)
    }

    fn is_instruction(event: &M::Event) -> bool {
        M::is_instruction(event)
    }

    fn migrate(version: u32, state: Value) -> Result<Value, M::Error> {
        M::migrate(version, state)
    }
}

impl<M: ProcessManager> Observed<M> {
    /// Records the answer of a function that gets no event.
    fn plain(&self, function: &str, about: String, answer: Value) {
        note(Step { function: function.to_owned(), about, answer, given: value(&self.0), ..Step::default() });
    }
}

/// Returns the failure as the inner process manager sees it.
fn of_inner<'a, M: ProcessManager>(failure: &Failure<'a, Observed<M>>, version: u32) -> Failure<'a, M> {
    let it = failure.context();
    let context = FailureContext {
        error: it.error,
        event: it.event,
        timer: it.timer,
        metadata: it.metadata,
        pending: it.pending.clone(),
        attempts: it.attempts,
        carried: it.carried,
        process_id: it.process_id,
        now: it.now,
        version,
    };
    match failure {
        Failure::Event(_) => Failure::Event(context),
        Failure::Command(failed) => Failure::Command(CommandFailure { context, command: failed.command }),
    }
}

/// Returns a failure in words.
fn told<M: ProcessManager>(failure: &Failure<'_, M>) -> String {
    let error: &Error<M::Error> = failure.context().error;
    match failure {
        Failure::Event(_) => error.to_string(),
        Failure::Command(failed) => format!("{}: {error}", command_name(failed.command)),
    }
}
