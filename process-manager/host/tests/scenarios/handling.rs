//! H01–H11: how an event is handled. (H12 is in `envelopes`, H13 among the transfers.)

use std::convert::Infallible;

use process_manager::{
    instance::{InstanceView, Status},
    manager::{Commands, Context, Metadata, ProcessManager, Route},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::{enums::v1::EventType, history::v1::history_event::Attributes};
use test_support::eventually;

use super::{
    probe::{Answer, Behaviour, Command, Event, Step},
    server,
    world::{Receiver, World},
};

async fn parked(world: &World, id: &str) -> InstanceView {
    world.until(id, "the instance is parked", |view| view.status == Status::Parked).await
}

/// Returns the context that `on_error` received, as [`Answer::Stop`] reports it.
fn told(view: &InstanceView) -> Value {
    let detail = &view.failure.as_ref().unwrap().detail;
    serde_json::Deserializer::from_str(detail).into_iter::<Value>().next().unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_none_one_and_many_commands_are_dispatched_in_order() {
    let world = World::new().await;
    world.append(Step::start("a", "none"));
    world.append(Step::start("a", "one").commands(&["1"]));
    let many = world.append(Step::start("a", "many").commands(&["2", "3", "4"]));
    world.handled(&many).await;
    assert_eq!(world.recorder.labels(), ["1", "2", "3", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn h02_a_command_carries_the_correlation_of_its_event_and_the_event_as_its_cause() {
    let world = World::new().await;
    let event = world.append_about("s", Step::start("a", "one").commands(&["x", "y"]));
    world.handled(&event).await;
    for (number, sent) in world.recorder.sent().into_iter().enumerate() {
        assert_eq!(sent.envelope.correlation_id.as_ref(), Some(&event.correlationid));
        assert_eq!(sent.envelope.causation_id.as_ref(), Some(&event.id));
        assert_eq!(sent.envelope.idempotency_key, Some(format!("Probe/a/{}/{}/{number}", event.logid, event.id)));
        assert!(sent.envelope.traceparent.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_the_state_changes_after_the_commands_and_survives_a_restart() {
    let mut world = World::new().await;
    world.recorder.answer("x", &[Receiver::Faults]);
    let event = world.append(Step::start("a", "one").commands(&["x"]));
    let tried = async || (!world.recorder.labels().is_empty()).then_some(()).ok_or(());
    eventually("the command has been tried", tried).await;
    assert!(world.applied("a").await.unwrap().is_empty());
    world.recorder.answer("x", &[Receiver::Accepts]);
    world.handled(&event).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
    world.restart().await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn h04_whatever_fails_the_error_function_is_told_everything_about_it() {
    let world = World::new().await;
    world.recorder.answer("refused", &[Receiver::Refuses]);
    world.recorder.answer("panics", &[Receiver::Panics]);
    let cases = [
        ("handle-fails", "handle-failed", Step { handle: Behaviour::Fails, ..Step::default() }, &[][..]),
        ("handle-panics", "panicked", Step { handle: Behaviour::Panics, ..Step::default() }, &[]),
        ("apply-fails", "apply-failed", Step { apply: Behaviour::Fails, ..Step::default() }, &["fine"]),
        ("apply-panics", "panicked", Step { apply: Behaviour::Panics, ..Step::default() }, &["fine"]),
        ("dispatch-fails", "refused-by-test", Step::default(), &["refused", "pending"]),
        ("dispatch-panics", "not-dispatched", Step::default(), &["panics", "pending"]),
    ];
    for (id, code, step, commands) in cases {
        world.append(Step::start(id, "before"));
        let step = Step { name: "it".to_owned(), route: Step::start("", "").route, ids: vec![id.to_owned()], ..step };
        let event = world.append(step.commands(commands));
        let view = parked(&world, id).await;
        let failure = view.failure.clone().unwrap();
        assert_eq!(
            (failure.code.as_str(), failure.event.as_str(), failure.position),
            (code, "Happened", event.sequence)
        );
        let told = told(&view);
        let failed = id.starts_with("dispatch").then(|| commands[0]);
        let labels =
            |labels: &[&str]| labels.iter().map(|it| json!({"type": "Do", "data": {"label": it}})).collect::<Vec<_>>();
        let pending = if failed.is_some() { labels(commands) } else { vec![] };
        assert_eq!(
            told,
            json!({
                "state": ["before"], "event": "it", "position": event.sequence, "attempts": 1, "carried": null,
                "failed": failed.map(|it| json!({"type": "Do", "data": {"label": it}})), "pending": pending,
            }),
            "{id}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_a_command_is_retried_until_the_error_function_has_had_enough() {
    let world = World::new().await;
    world.recorder.answer("twice", &[Receiver::Refuses, Receiver::Refuses, Receiver::Accepts]);
    world.recorder.answer("always", &[Receiver::Refuses]);
    let answers = [Answer::Retry, Answer::Retry, Answer::Stop];
    let works = world.append(Step::start("a", "one").commands(&["twice"]).on_error(&answers));
    world.handled(&works).await;
    assert_eq!(world.recorder.labels(), ["twice"; 3]);
    world.append(Step::start("b", "two").commands(&["always"]).on_error(&answers));
    let told = told(&parked(&world, "b").await);
    assert_eq!((&told["attempts"], &told["carried"]), (&json!(3), &json!({"attempts": 2})));
    assert_eq!(world.recorder.labels()[3..], ["always"; 3]);
    let keys: Vec<_> = world.recorder.sent()[3..].iter().map(|sent| sent.envelope.idempotency_key.clone()).collect();
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_a_delayed_retry_waits_also_over_a_restart_of_the_host() {
    let mut world = World::new().await;
    world.recorder.answer("x", &[Receiver::Refuses, Receiver::Accepts]);
    let event = world.append(Step::start("a", "one").commands(&["x"]).on_error(&[Answer::RetryAfter(9_000)]));
    // On a busy machine the wait may be over by now.
    let is_over = |view: &InstanceView| view.handled_events == 1;
    let waits = world.until("a", "it waits", |view| view.status == Status::Retrying || is_over(view)).await;
    world.restart().await;
    world.handled(&event).await;
    let sent = world.recorder.sent();
    assert!(is_over(&waits) || sent[1].at >= waits.retry_at.unwrap());
    assert!((sent[1].at - sent[0].at).num_seconds() >= 8, "it has waited");
    assert_eq!(world.recorder.effects(), ["x"]);
    // The delay did not start over: there is one timer.
    assert_eq!(world.timers("Probe-a").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h07_an_event_that_is_skipped_gives_no_command_and_the_next_is_handled() {
    let world = World::new().await;
    let skipped = Step { handle: Behaviour::Fails, ..Step::start("a", "one").commands(&["x"]) };
    world.append(skipped.on_error(&[Answer::SkipEvent]));
    let next = world.append(Step::start("a", "two").commands(&["y"]));
    world.handled(&next).await;
    assert_eq!(world.applied("a").await.unwrap(), ["two"]);
    assert_eq!(world.recorder.labels(), ["y"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_a_failed_command_is_skipped_and_pending_ones_go_on_or_are_dropped() {
    let world = World::new().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    let commands = ["one", "bad", "three", "four"];
    let goes_on = world.append(Step::start("a", "a").commands(&commands).on_error(&[Answer::SkipCommand]));
    world.handled(&goes_on).await;
    assert_eq!(world.recorder.effects(), ["one", "three", "four"]);
    let dropped = world.append(Step::start("b", "b").commands(&commands).on_error(&[Answer::DiscardPending]));
    world.handled(&dropped).await;
    assert_eq!(world.recorder.effects()[3..], ["one"]);
    assert_eq!(world.applied("b").await.unwrap(), ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_other_commands_take_the_place_of_failed_and_pending_ones() {
    let world = World::new().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    let instead = Answer::Continue(vec!["instead".to_owned(), "also".to_owned()]);
    let event = world.append(Step::start("a", "a").commands(&["bad", "pending"]).on_error(&[instead]));
    world.handled(&event).await;
    assert_eq!(world.recorder.effects(), ["instead", "also"]);
    let keys: Vec<_> = world.recorder.sent().into_iter().filter_map(|sent| sent.envelope.idempotency_key).collect();
    assert_eq!(keys, [0, 2, 3].map(|number| format!("Probe/a/{}/{}/{number}", event.logid, event.id)));
    let nothing = Answer::Continue(vec![]);
    let event = world.append(Step::start("b", "b").commands(&["bad", "pending"]).on_error(&[nothing]));
    world.handled(&event).await;
    assert_eq!(world.recorder.effects(), ["instead", "also"]);
    assert_eq!(world.applied("b").await.unwrap(), ["b"]);
}

/// A process manager that leaves out everything that is optional.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Plain;

impl ProcessManager for Plain {
    const NAME: &'static str = "Plain";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(Event::Happened(step): &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start_each(&step.ids))
    }

    fn handle(&self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(step.commands.iter().map(|label| Command::Do { label: label.clone() }).collect())
    }

    fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_without_an_error_function_the_instance_stops_visibly_and_the_rest_goes_on() {
    let mut world = World::without_worker().await;
    world.host::<Plain>().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["bad"]));
    let other = world.append(Step::start("b", "two").commands(&["good"]));
    world.handled_by::<Plain>(&other).await;
    let parked = async || world.view_of::<Plain>("a").await.and_then(|view| view.failure).ok_or(());
    let failure = eventually("a is parked", parked).await;
    assert_eq!(failure.detail, "refused (refused-by-test): the test wants it");
    assert_eq!(world.recorder.effects(), ["good"]);
    let listed = async || {
        let found = server::list(world.server.client(), "WorkflowType = 'Plain' AND Incident = true").await;
        if found.len() == 1 { Ok(()) } else { Err(found.len()) }
    };
    eventually("the incident is listed", listed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_after_a_command_the_instance_may_end_with_its_state() {
    let world = World::new().await;
    world.append(Step::start("a", "one"));
    world.append(Step::start("a", "two").commands(&["first", "last", "never"]));
    let ended = world.until("a", "ended", |view| view.status == Status::Ended).await;
    assert!(ended.state.is_null());
    assert_eq!(world.recorder.labels(), ["first", "last"]);
    let again = world.append(Step::start("a", "again"));
    world.handled(&again).await;
    assert_eq!(world.applied("a").await.unwrap(), ["again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_gets_its_first_task_with_the_answer_to_its_start() {
    let world = World::new().await;
    let event = world.append(Step::start("a", "one"));
    world.handled(&event).await;
    let history = server::history(world.server.client(), "Probe-a").await;
    let started = history.first().and_then(|event| event.attributes.clone());
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = started else { panic!("{started:?}") };
    assert!(started.eager_execution_accepted);
    assert!(history.iter().all(|event| event.event_type() != EventType::WorkflowExecutionSignaled));
}
