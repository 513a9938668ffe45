//! Limits and unreadable states through a whole run: an instance beyond a limit is parked visibly, and goes on once the
//! code is fixed.

use std::convert::Infallible;

use process_manager::{
    instance::{InstanceView, Ledger, Status},
    manager::{Commands, Context, Metadata, ProcessManager, Route},
};
use process_manager_engine::instance::{Begin, RunInstance, workflow_id};
use process_manager_host::{
    operator::{InstanceStatus, Operator},
    wait_until_handled,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use temporalio_client::WorkflowStartOptions;
use temporalio_common::{
    data_converters::{PayloadConverter, RawValue},
    protos::temporal::api::enums::v1::EventType,
};
use test_support::{STALL, eventually, heavy, load};

use super::{
    probe::Command,
    server::history,
    world::{Receiver, World},
};

/// An event that asks for this many commands of this many bytes, and adds a text to the state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Grown { instance: String, commands: usize, bytes: usize, text: String },
}

fn event(instance: &str, commands: usize, bytes: usize, text: usize) -> Event {
    Event::Grown { instance: instance.to_owned(), commands, bytes, text: "x".repeat(text) }
}

/// Keeps everything that it receives.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Hoards {
    text: String,
}

/// The fixed code, under the same name.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Fixed {
    text: String,
}

/// A deployment that ignored the existing instances.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Forgot {
    #[expect(dead_code, reason = "no state that is there has one")]
    #[serde(skip_serializing)]
    number: u64,
}

macro_rules! code {
    ($type:ident, $most:expr, $apply:expr) => {
        impl ProcessManager for $type {
            const NAME: &'static str = "Hoards";
            type Event = Event;
            type Command = Command;
            type Error = Infallible;

            fn route(Event::Grown { instance, .. }: &Event, _: &Metadata) -> Result<Route, Infallible> {
                Ok(Route::start(instance))
            }

            fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
                let Event::Grown { commands, bytes, .. } = event;
                let padding = "x".repeat((*bytes).min($most));
                Ok((0..*commands).map(|number| Command::Do { label: format!("{number} {padding}") }).collect())
            }

            fn apply(&mut self, Event::Grown { text, .. }: &Event, _: &Context<'_>) -> Result<(), Infallible> {
                let apply: fn(&mut Self, &str) = $apply;
                apply(self, text);
                Ok(())
            }
        }
    };
}

code!(Hoards, usize::MAX, |state, text| state.text.push_str(text));
code!(Fixed, 10, |state, text| state.text = text.len().to_string());
code!(Forgot, usize::MAX, |_, _| ());

async fn parked(world: &World, id: &str, code: &str) -> InstanceView {
    eventually(&format!("{id} is parked"), async || match world.view_of::<Hoards>(id).await {
        Some(view) if view.failure.as_ref().is_some_and(|failure| failure.code == code) => Ok(view),
        other => Err(other.map(|view| (view.status, view.failure))),
    })
    .await
}

async fn no_task_has_failed(world: &World, id: &str) {
    let events = history(world.server.client(), &format!("Hoards-{id}")).await;
    assert!(events.iter().all(|event| event.event_type() != EventType::WorkflowTaskFailed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_too_large_is_parked_before_it_is_sent_and_goes_on_under_code_that_makes_less() {
    let mut world = World::without_worker().await;
    world.host::<Hoards>().await;
    let first = world.log.append(&event("state", 0, 0, 600_000));
    world.handled_by::<Hoards>(&first).await;
    let grown = world.log.append(&event("state", 0, 0, 600_000));
    let sent = world.log.append(&event("command", 2, 2_500_000, 0));
    let of_state = parked(&world, "state", "too-large").await;
    assert_eq!(of_state.state["text"].as_str().unwrap().len(), 600_000);
    parked(&world, "command", "too-large").await;
    assert!(world.recorder.labels().is_empty());
    world.kill();
    world.host::<Fixed>().await;
    for id in ["Hoards-state", "Hoards-command"] {
        world.signal(id, "retry", None).await;
    }
    world.handled_by::<Fixed>(&grown).await;
    world.handled_by::<Fixed>(&sent).await;
    assert_eq!(world.view_of::<Fixed>("state").await.unwrap().state, json!({"text": "600000"}));
    assert_eq!(world.recorder.labels(), ["0 xxxxxxxxxx", "1 xxxxxxxxxx"]);
    no_task_has_failed(&world, "state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_2_mib_that_parks_is_read_again_when_it_is_retried() {
    let mut world = World::without_worker().await;
    world.host::<Hoards>().await;
    world.recorder.answer("0 ", &[Receiver::Refuses]);
    // With its envelope, it is exactly as large as the server allows.
    world.log.append(&event("a", 1, 0, 2_096_000));
    parked(&world, "a", "refused-by-test").await;
    let mut last = None;
    for _ in 0..3 {
        last = Some(world.log.append(&event("a", 0, 0, 10)));
    }
    world.recorder.answer("0 ", &[Receiver::Accepts]);
    world.signal("Hoards-a", "retry", None).await;
    // Its text is larger than the state may be.
    let view = parked(&world, "a", "too-large").await;
    assert_eq!((view.queued_events, world.recorder.effects().len()), (3, 1));
    world.kill();
    world.host::<Fixed>().await;
    world.signal("Hoards-a", "retry", None).await;
    world.handled_by::<Fixed>(&last.unwrap()).await;
    assert_eq!(world.recorder.effects().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_commands_than_a_run_can_hand_over_are_all_sent_once_and_in_order() {
    let _turn = heavy().await;
    let mut world = World::without_worker().await;
    world.host::<Hoards>().await;
    let count = usize::try_from(load(6_000, 10_000)).unwrap();
    let event = world.log.append(&event("a", count, 1_200, 0));
    world.handled_by::<Hoards>(&event).await;
    let effects = world.recorder.effects();
    let numbers: Vec<usize> = effects.iter().map(|label| label.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_a_detail_of_2_5_mb_parks_the_instance() {
    let mut world = World::without_worker().await;
    world.host::<Hoards>().await;
    world.recorder.explain("x".repeat(2_500_000));
    world.recorder.answer("0 ", &[Receiver::Refuses]);
    world.log.append(&event("a", 1, 0, 0));
    let view = parked(&world, "a", "refused-by-test").await;
    assert_eq!(view.failure.unwrap().detail.chars().count(), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_a_deploy_cannot_read_parks_its_instance_and_is_there_for_the_next_deploy() {
    let mut world = World::without_worker().await;
    world.host::<Hoards>().await;
    world.recorder.answer("0 ", &[Receiver::Refuses]);
    let first = world.log.append(&event("a", 0, 0, 3));
    world.handled_by::<Hoards>(&first).await;
    let second = world.log.append(&event("a", 1, 0, 3));
    parked(&world, "a", "refused-by-test").await;
    world.kill();
    world.host::<Forgot>().await;
    world.signal("Hoards-a", "retry", None).await;
    let view = parked(&world, "a", "state-unreadable").await;
    assert_eq!((view.status, view.state), (Status::Parked, json!({"text": "xxx"})));
    no_task_has_failed(&world, "a").await;
    world.kill();
    world.host::<Hoards>().await;
    world.recorder.answer("0 ", &[Receiver::Accepts]);
    world.signal("Hoards-a", "retry", None).await;
    world.handled_by::<Hoards>(&second).await;
    assert_eq!(world.view_of::<Hoards>("a").await.unwrap().state, json!({"text": "xxxxxx"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_began_without_limits_is_kept_and_parked_when_it_cannot_be_handed_over() {
    let mut world = World::without_worker().await;
    let mut begin = json!(Begin::new::<Hoards>("a", Ledger::default()));
    begin.as_object_mut().unwrap().remove("revision");
    start(&world, &begin).await;
    world.host::<Hoards>().await;
    // The server suggests continuing as new beyond some MB of history. One by one, because it takes only a few of those
    // that wait.
    for _ in 0..6 {
        let event = world.log.append(&event("a", 0, 0, 900_000));
        if wait_until_handled::<Hoards>(world.server.client(), &event, STALL).await.is_err() {
            break;
        }
    }
    let operator = Operator::new(world.server.client().clone());
    let is_parked = async || match operator.instances_of("Hoards").read("a").await {
        Ok(Some(instance)) if instance.status == InstanceStatus::Parked => Ok(instance.failure.unwrap()),
        other => Err(format!("{other:?}").chars().take(500).collect::<String>()),
    };
    let failure = eventually("it is parked", is_parked).await;
    assert_eq!(failure.code, "too-large", "{failure:?}");
    world.kill();
    world.host::<Fixed>().await;
    world.signal("Hoards-a", "retry", None).await;
    let last = world.log.append(&event("a", 0, 0, 7));
    world.handled_by::<Fixed>(&last).await;
    assert_eq!(world.view_of::<Fixed>("a").await.unwrap().state, json!({"text": "7"}));
}

/// Starts the run of the instance as older code did.
async fn start(world: &World, begin: &Value) {
    let input = RawValue::from_value(begin, &PayloadConverter::serde_json());
    let options = WorkflowStartOptions::new("test", workflow_id::<Hoards>("a")).build();
    Box::pin(world.server.client().start_workflow(RunInstance::<Hoards>::default(), input, options)).await.unwrap();
}
