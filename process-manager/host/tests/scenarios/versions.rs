//! X07: a changed process manager beside instances that began under the old one.

use std::convert::Infallible;

use process_manager::{
    instance::Status,
    manager::{Commands, Context, Failure, FailureContext, Metadata, OnError, ProcessManager, Route},
};
use process_manager_engine::instance::ProcessInstance;
use process_manager_host::operator::{Answer, Operator, TimelineEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use temporalio_client::WorkflowHistory;
use temporalio_common::protos::temporal::api::{enums::v1::EventType, history::v1::History};
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};
use test_support::eventually;

use super::{
    probe::{Command, Event, Step},
    server::history,
    world::{Receiver, World},
};

/// The first version: one command for each event.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct First {
    handled: Vec<String>,
}

/// The current version: the command has another name, there is one more, and the state is different.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Second {
    count: usize,
}

/// Like the first, with one more field.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Longer {
    handled: Vec<String>,
    #[serde(default)]
    note: String,
}

/// Like the second, but it migrates nothing.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Stuck {
    count: usize,
}

fn command(label: String) -> Command {
    Command::Do { label }
}

macro_rules! versioned {
    ($type:ident, $version:literal, $handle:expr, $apply:expr, $migrate:expr) => {
        impl ProcessManager for $type {
            const NAME: &'static str = "Versioned";
            const VERSION: u32 = $version;
            type Event = Event;
            type Command = Command;
            type Error = Infallible;

            fn route(Event::Happened(step): &Event, _: &Metadata) -> Result<Route, Infallible> {
                Ok(Route::start_each(&step.ids))
            }

            fn handle(
                &self,
                Event::Happened(step): &Event,
                context: &Context<'_>,
            ) -> Result<Commands<Command>, Infallible> {
                let commands: fn(&str, u32) -> Vec<Command> = $handle;
                Ok(commands(&step.name, context.version()).into())
            }

            fn apply(&mut self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<(), Infallible> {
                let apply: fn(&mut Self, &str) = $apply;
                apply(self, &step.name);
                Ok(())
            }

            fn migrate(version: u32, state: Value) -> Result<Value, Infallible> {
                let migrate: fn(u32, Value) -> Value = $migrate;
                Ok(migrate(version, state))
            }
        }
    };
}

versioned!(
    First,
    1,
    |name, _| vec![command(format!("old-{name}"))],
    |state, name| state.handled.push(name.to_owned()),
    |_, state| state
);
versioned!(
    Second,
    2,
    |name, version| {
        if version < 2 {
            return vec![command(format!("old-{name}"))];
        }
        vec![command(format!("new-{name}")), command(format!("more-{name}"))]
    },
    |state, _| state.count += 1,
    |_, state| json!({"count": state["handled"].as_array().map_or(0, Vec::len)})
);
versioned!(
    Longer,
    1,
    |name, _| vec![command(format!("old-{name}"))],
    |state, name| state.handled.push(name.to_owned()),
    |_, state| state
);
versioned!(Stuck, 2, |name, _| vec![command(format!("old-{name}"))], |state, _| state.count += 1, |_, state| {
    state["no such field"].as_object().map(|_| Value::Null).expect("the test wants it")
});

/// A refusal stops it.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Stubborn;

/// A refused command is replaced by another one: that is why the code was deployed.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Yielding;

macro_rules! deciding {
    ($type:ident, $version:literal, $on_error:expr) => {
        impl ProcessManager for $type {
            const NAME: &'static str = "Deciding";
            const VERSION: u32 = $version;
            type Event = Event;
            type Command = Command;
            type Error = Infallible;

            fn route(Event::Happened(step): &Event, _: &Metadata) -> Result<Route, Infallible> {
                Ok(Route::start_each(&step.ids))
            }

            fn handle(&self, _: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
                Ok(command("ask".to_owned()).into())
            }

            fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
                let on_error: fn(&Failure<'_, Self>) -> OnError<Command> = $on_error;
                on_error(&failure)
            }
        }
    };
}

deciding!(Stubborn, 1, |failure| failure.stop());
deciding!(Yielding, 2, |failure| match failure {
    Failure::Command(failed) => {
        let FailureContext { process_id, version, metadata, now, .. } = failure.context();
        let is_later = *now >= metadata.time;
        failed.continue_with(command(format!("instead-of-{process_id}-under-{version}-{is_later}")))
    }
    Failure::Event(_) => failure.stop(),
});

#[tokio::test(flavor = "multi_thread")]
async fn x07_new_code_decides_about_an_instance_that_the_old_code_has_parked() {
    let mut world = World::without_worker().await;
    world.host::<Stubborn>().await;
    world.recorder.answer("ask", &[Receiver::Refuses]);
    let event = world.append(Step::start("a", "one"));
    let is_parked = async |world: &World| match world.view_of::<Stubborn>("a").await {
        Some(view) if view.status == Status::Parked => Ok(view),
        other => Err(other),
    };
    let parked = eventually("it is parked", async || is_parked(&world).await).await;
    assert_eq!(parked.failure.unwrap().failure_id, "a/1");
    world.kill();
    world.host::<Yielding>().await;
    // The new code answers for it before it decides anything.
    assert_eq!(world.view_of::<Yielding>("a").await.unwrap().status, Status::Parked);
    world.signal("Deciding-a", "retry", None).await;
    world.handled_by::<Yielding>(&event).await;
    assert_eq!(world.recorder.labels(), ["ask", "ask", "instead-of-a-under-2-true"]);
    assert_eq!(world.view_of::<Yielding>("a").await.unwrap().version, 2);
    let events = history(world.server.client(), "Deciding-a").await;
    assert!(events.iter().all(|event| event.event_type() != EventType::WorkflowTaskFailed));
    // Operators see all its runs as one.
    let operator = Operator::new(world.server.client().clone());
    let told = operator.instances_of("Deciding").timeline("a").await.unwrap().entries;
    let told: Vec<_> = told.into_iter().map(|entry| entry.event).collect();
    assert!(
        matches!(
            &told[..],
            [
                TimelineEvent::Delivered(_),
                TimelineEvent::Command { answer: Answer::Refused(_), .. },
                TimelineEvent::Parked(_),
                TimelineEvent::Retried,
                TimelineEvent::Command { answer: Answer::Refused(_), .. },
                TimelineEvent::Command { answer: Answer::Accepted, .. },
            ]
        ),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn x07_instances_of_the_old_version_go_on_under_the_new_code_and_their_histories_replay() {
    let mut world = World::without_worker().await;
    world.host::<First>().await;
    let first = world.append(Step::start("a", "one"));
    world.handled_by::<First>(&first).await;
    world.kill();
    world.host::<Second>().await;
    let of_old = world.append(Step::start("a", "two"));
    let of_new = world.append(Step::start("b", "three"));
    world.handled_by::<Second>(&of_old).await;
    world.handled_by::<Second>(&of_new).await;
    let mut labels = world.recorder.labels();
    labels.sort();
    assert_eq!(labels, ["more-three", "new-three", "old-one", "old-two"]);
    let view = world.view_of::<Second>("a").await.unwrap();
    assert_eq!((view.version, view.state), (1, json!({"count": 2})));
    assert_eq!(world.view_of::<Second>("b").await.unwrap().version, 2);

    let events = history(world.server.client(), "Versioned-a").await;
    assert!(events.iter().all(|event| event.event_type() != EventType::WorkflowTaskFailed));
    let options = WorkflowReplayerOptions::new().register_workflow::<ProcessInstance<Second>>().unwrap();
    let replayer = WorkflowReplayer::new(options.build()).unwrap();
    replayer.replay_workflow(WorkflowHistory::from(History { events })).await.unwrap();
}
