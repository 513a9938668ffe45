//! A process manager that does what the data of its events says, so that one type serves all scenarios.

use process_manager::manager::{
    AfterCommand, Commands, Context, Failure, Metadata, OnError, OnRoutingError, Options, Outgoing, Pending,
    ProcessManager, Retry, Route, RouteKind, RoutingError,
};
use process_manager_wire::CloudEvent;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// An event. Everything but the route is left out where it does not matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Event {
    Happened(Step),
}

/// The behaviour that an event asks of the process manager.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Step {
    /// Names the event; what is applied is a list of these.
    pub(super) name: String,
    /// The instances that it goes to; `None` is ignored.
    pub(super) route: Option<RouteTo>,
    pub(super) ids: Vec<String>,
    /// Whether the event's subject names the instance.
    pub(super) by_metadata: bool,
    /// Whether the routing function fails. The event's subject then says what to do: `skip:`, `retry:<ms>`, otherwise
    /// stop.
    pub(super) unroutable: bool,
    /// The commands, by label.
    pub(super) commands: Vec<String>,
    /// The commands' retry policy: the number of attempts, including the first; forever by default.
    pub(super) attempts: Option<u32>,
    pub(super) handle: Behaviour,
    pub(super) apply: Behaviour,
    /// The answers of `on_error`, by attempt; the last one is repeated.
    pub(super) on_error: Vec<Answer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum RouteTo {
    Start,
    StartStrict,
    Continue,
    ContinueStrict,
    Stop,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum Behaviour {
    #[default]
    Works,
    Fails,
    Panics,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    Retry,
    RetryAfter(u64),
    SkipEvent,
    SkipCommand,
    DiscardPending,
    Continue(Vec<String>),
    /// Stops, and reports everything that it was told.
    Stop,
    Panic,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Command {
    Do { label: String },
}

#[derive(Debug, thiserror::Error)]
#[error("{0} fails as it should")]
pub(super) struct Fails(&'static str);

/// The state: what was applied, and what was sent before it.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) applied: Vec<String>,
}

/// The options and the name differ; everything else is the same.
macro_rules! probe {
    ($name:ident, $text:literal, $options:expr) => {
        #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
        pub(super) struct $name(State);

        impl ProcessManager for $name {
            const NAME: &'static str = $text;
            type Event = Event;
            type Command = Command;
            type Error = Fails;

            fn options() -> Options {
                $options
            }

            fn upcast(event: CloudEvent) -> CloudEvent {
                upcast(event)
            }

            fn route(Event::Happened(step): &Event, metadata: &Metadata) -> Result<Route, Fails> {
                route(step, metadata)
            }

            fn handle(&self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<Commands<Command>, Fails> {
                behave(step.handle, "handle")?;
                Ok(step.commands.iter().map(|label| outgoing(label, step.attempts)).collect())
            }

            fn apply(&mut self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<(), Fails> {
                self.0.applied.push(step.name.clone());
                behave(step.apply, "apply")
            }

            fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
                on_error(&failure, &self.0)
            }

            fn on_routing_error(_: &RoutingError<Fails>, metadata: &Metadata, attempt: u32) -> OnRoutingError {
                // Only metadata is available if an event could not be routed, so the test says what to do in the
                // subject.
                match metadata.subject.split_once(':') {
                    Some(("skip", _)) => OnRoutingError::Skip,
                    Some(("retry", millis)) if attempt < 3 => {
                        OnRoutingError::RetryAfter(Duration::from_millis(millis.parse().unwrap_or_default()))
                    }
                    Some(("retry", _)) => OnRoutingError::Skip,
                    _ => OnRoutingError::Stop,
                }
            }

            fn after_command(&self, Command::Do { label }: &Command) -> AfterCommand {
                if label.starts_with("last") { AfterCommand::Stop } else { AfterCommand::Continue }
            }
        }
    };
}

probe!(Probe, "Probe", Options::default());
probe!(OtherProbe, "OtherProbe", Options::default());
probe!(FromNow, "FromNow", Options::default().start_from(process_manager::manager::StartFrom::Current));
probe!(FromSecond, "FromSecond", Options::default().start_from(process_manager::manager::StartFrom::Position(2)));
probe!(Hasty, "Hasty", Options::default().event_timeout(Duration::from_millis(500)));
probe!(Consistent, "Consistent", Options::default().consistency(process_manager::manager::Consistency::Strong));

/// An event of an older schema had fewer fields, with other names.
fn upcast(mut event: CloudEvent) -> CloudEvent {
    if event.kind == "ItHappened" {
        event.kind = "Happened".to_owned();
        event.data = json!({"name": event.data["what"], "route": "Start", "ids": [event.data["who"]]});
    }
    event
}

fn route(step: &Step, metadata: &Metadata) -> Result<Route, Fails> {
    if step.unroutable {
        return Err(Fails("route"));
    }
    let Some(to) = step.route else { return Ok(Route::Ignore) };
    let kind = match to {
        RouteTo::Start => RouteKind::Start,
        RouteTo::StartStrict => RouteKind::StartStrict,
        RouteTo::Continue => RouteKind::Continue,
        RouteTo::ContinueStrict => RouteKind::ContinueStrict,
        RouteTo::Stop => RouteKind::Stop,
    };
    if step.by_metadata {
        return Ok(Route::to(kind, [&metadata.subject]));
    }
    Ok(Route::to(kind, &step.ids))
}

fn outgoing(label: &str, attempts: Option<u32>) -> Outgoing<Command> {
    let outgoing = Outgoing::new(Command::Do { label: label.to_owned() });
    match attempts {
        Some(attempts) => outgoing.retry(Retry::attempts(attempts)),
        None => outgoing,
    }
}

fn behave(behaviour: Behaviour, what: &'static str) -> Result<(), Fails> {
    match behaviour {
        Behaviour::Works => Ok(()),
        Behaviour::Panics => panic!("{what} panics as it should"),
        Behaviour::Fails => Err(Fails(what)),
    }
}

fn on_error<M>(failure: &Failure<'_, M>, state: &State) -> OnError<Command>
where
    M: ProcessManager<Event = Event, Command = Command, Error = Fails>,
{
    let context = failure.context();
    let Some(Event::Happened(step)) = context.event else { return failure.stop() };
    let index = usize::try_from(context.attempts - 1).unwrap_or_default();
    let answer = step.on_error.get(index).or(step.on_error.last()).unwrap_or(&Answer::Stop);
    let command = match failure {
        Failure::Command(failed) => Some(failed),
        Failure::Event(_) => None,
    };
    match (answer, command) {
        (Answer::Retry, _) => failure.retry(json!({"attempts": context.attempts})),
        (Answer::RetryAfter(millis), _) => {
            failure.retry_after(Duration::from_millis(*millis), json!({"attempts": context.attempts}))
        }
        (Answer::SkipEvent, _) => failure.skip_event(),
        (Answer::SkipCommand, Some(failed)) => failed.skip_command(Pending::Continue),
        (Answer::DiscardPending, Some(failed)) => failed.skip_command(Pending::Discard),
        (Answer::Continue(labels), Some(failed)) => {
            failed.continue_with(labels.iter().map(|label| outgoing(label, Some(1))).collect::<Commands<_>>())
        }
        (Answer::Panic, _) => panic!("on_error panics as it should"),
        _ => failure.stop_because(
            json!({
                "state": state.applied,
                "event": step.name,
                "position": context.metadata.position,
                "failed": command.map(|failed| failed.command()),
                "pending": context.pending,
                "attempts": context.attempts,
                "carried": context.carried,
            })
            .to_string(),
        ),
    }
}

impl Step {
    pub(super) fn new(route: RouteTo, id: &str, name: &str) -> Self {
        Self { name: name.to_owned(), route: Some(route), ids: vec![id.to_owned()], ..Self::default() }
    }

    pub(super) fn start(id: &str, name: &str) -> Self {
        Self::new(RouteTo::Start, id, name)
    }

    pub(super) fn commands(mut self, labels: &[&str]) -> Self {
        self.commands = labels.iter().map(|label| (*label).to_owned()).collect();
        self
    }

    pub(super) fn on_error(mut self, answers: &[Answer]) -> Self {
        self.on_error = answers.to_vec();
        self
    }
}
