//! T01–T08 on a server: timers across kills, restarts and runs. Their rules are tested without a server in the
//! library's core.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use process_manager::{
    instance::{InstanceView, Status},
    manager::{Attention, Commands, Context, Metadata, ProcessManager, Route},
};
use process_manager_client::feed::MemoryLog;
use process_manager_host::{
    connect::TemporalConfig,
    dev_server::{DevServer, DevServerConfig},
    operator::{Operator, TimelineEvent},
    testing::TestServer,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{HistoryEvent, history_event::Attributes},
};
use test_support::{eventually, free_port, temporal_cli};

use super::{
    probe::Command,
    server,
    world::{Receiver, Recorder, World},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Event {
    /// Sets these timers.
    Set(Vec<(String, DateTime<Utc>)>),
    Sent(String),
    Stopped,
    /// An instruction.
    Raise(String),
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
pub(super) struct Never;

/// Sends a command with the name of each due timer, preceded by the version.
macro_rules! alarm {
    ($name:ident, $version:literal) => {
        #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
        pub(super) struct $name {
            raised: Option<String>,
        }

        impl ProcessManager for $name {
            const NAME: &'static str = "Alarm";
            const VERSION: u32 = $version;
            type Event = Event;
            type Command = Command;
            type Error = Never;

            fn route(event: &Event, _: &Metadata) -> Result<Route, Never> {
                Ok(match event {
                    Event::Set(_) | Event::Sent(_) => Route::start("a"),
                    Event::Stopped => Route::stop("a"),
                    Event::Raise(_) => Route::Ignore,
                })
            }

            fn is_instruction(event: &Event) -> bool {
                matches!(event, Event::Raise(_))
            }

            fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Never> {
                Ok(match event {
                    Event::Set(timers) => {
                        timers.iter().fold(Commands::none(), |commands, (name, at)| commands.set_timer(name, *at))
                    }
                    Event::Sent(label) => Command::Do { label: label.clone() }.into(),
                    Event::Stopped | Event::Raise(_) => Commands::none(),
                })
            }

            fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Never> {
                if let Event::Raise(code) = event {
                    self.raised = Some(code.clone()).filter(|code| code != "nothing");
                }
                Ok(())
            }

            fn handle_timer(&self, timer: &str, _: &Context<'_>) -> Result<Commands<Command>, Never> {
                Ok(Command::Do { label: format!("{}:{timer}", Self::VERSION) }.into())
            }

            fn attention(&self, _: u32) -> Option<Attention> {
                self.raised.as_ref().map(|code| Attention::new(code, "as the test wants it", DateTime::UNIX_EPOCH))
            }
        }
    };
}

alarm!(Alarm, 1);
alarm!(Upgraded, 2);

async fn world() -> World {
    let mut world = World::without_worker().await;
    world.host::<Alarm>().await;
    world
}

pub(super) fn soon(milliseconds: i64) -> DateTime<Utc> {
    Utc::now() + TimeDelta::milliseconds(milliseconds)
}

pub(super) fn set(timers: &[(&str, DateTime<Utc>)]) -> Event {
    Event::Set(timers.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect())
}

async fn sent(world: &World, label: &str) {
    eventually("the timer's command", async || {
        let effects = world.recorder.effects();
        if effects.iter().any(|effect| effect == label) { Ok(()) } else { Err(effects) }
    })
    .await;
}

async fn until(world: &World, what: &str, is_so: impl Fn(&InstanceView) -> bool) -> InstanceView {
    eventually(what, async || match world.view_of::<Alarm>("a").await {
        Some(view) if is_so(&view) => Ok(view),
        other => Err(other),
    })
    .await
}

/// Milliseconds until a timer is due: if the machine is too slow for a test, the next value is tried.
const UNTIL_DUE: [i64; 4] = [1_000, 8_000, 30_000, 90_000];

async fn passed(time: DateTime<Utc>) {
    tokio::time::sleep((time - Utc::now()).to_std().unwrap_or_default()).await;
}

/// Returns how many server timers were started for the instance's own, and how many of these were cancelled.
async fn timers(world: &World) -> (usize, usize) {
    let history = server::history(world.server.client(), "Alarm-a").await;
    let is_own = |event: &&HistoryEvent| {
        let summary = event.user_metadata.as_ref().and_then(|metadata| metadata.summary.as_ref());
        event.event_type() == EventType::TimerStarted
            && summary.is_some_and(|summary| summary.data.starts_with(b"\"timer "))
    };
    let started: Vec<_> = history.iter().filter(is_own).map(|event| event.event_id).collect();
    let is_cancelled = |event: &&HistoryEvent| match &event.attributes {
        Some(Attributes::TimerCanceledEventAttributes(cancelled)) => started.contains(&cancelled.started_event_id),
        _ => false,
    };
    (started.len(), history.iter().filter(is_cancelled).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_a_timer_is_handled_once_and_not_before_its_time() {
    let world = world().await;
    let due = soon(1_000);
    let event = world.log.append(&set(&[("ring", due)]));
    sent(&world, "1:ring").await;
    let [only] = &world.recorder.sent()[..] else { panic!("sent more than once") };
    assert!(only.at >= due, "sent at {}, due at {due}", only.at);
    assert_eq!(only.envelope.causation_id.as_ref(), Some(&event.id));
    assert_eq!(only.envelope.correlation_id.as_ref(), Some(&event.correlationid));
    let key = format!("Alarm/a/{}/{}/timer/ring/1/0", event.logid, event.id);
    assert_eq!(only.envelope.idempotency_key, Some(key));
    // A later command is handled after it: nothing else comes of the timer.
    let after = world.log.append(&Event::Sent("after".to_owned()));
    world.handled_by::<Alarm>(&after).await;
    assert_eq!(world.recorder.labels(), ["1:ring", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn t02_a_timer_that_events_do_not_change_runs_on_at_the_server() {
    let world = world().await;
    let far = soon(3_600_000);
    let mut last = world.log.append(&set(&[("far", far)]));
    for _ in 0..3 {
        world.handled_by::<Alarm>(&last).await;
        last = world.log.append(&Event::Sent("between".to_owned()));
    }
    world.handled_by::<Alarm>(&last).await;
    until(&world, "it waits", |view| view.status == Status::Waiting).await;
    assert_eq!(timers(&world).await, (1, 0));
    // A timer that is due earlier takes its place.
    let event = world.log.append(&set(&[("near", far - TimeDelta::minutes(1))]));
    world.handled_by::<Alarm>(&event).await;
    eventually("the timers are changed", async || {
        let counts = timers(&world).await;
        if counts == (2, 1) { Ok(()) } else { Err(counts) }
    })
    .await;
    assert_eq!(world.view_of::<Alarm>("a").await.unwrap().timers[0].name, "near");
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_with_no_worker_at_its_time_it_is_handled_late_and_by_upgraded_code() {
    let mut world = world().await;
    for wait in UNTIL_DUE {
        let due = soon(wait);
        let event = world.log.append(&set(&[("ring", due)]));
        world.handled_by::<Alarm>(&event).await;
        world.kill();
        if Utc::now() < due {
            let before = world.recorder.labels();
            passed(due).await;
            assert_eq!(world.recorder.labels(), before);
            world.host::<Upgraded>().await;
            sent(&world, "2:ring").await;
            assert_eq!(world.recorder.labels(), [&before[..], &["2:ring".to_owned()]].concat());
            return;
        }
        world.host::<Alarm>().await;
    }
    panic!("the worker has never ended in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_a_timer_goes_on_in_the_run_after_an_operators_decision() {
    let world = world().await;
    world.recorder.answer("bad", &[Receiver::Refuses, Receiver::Accepts]);
    let due = soon(3_600_000);
    world.log.append(&set(&[("ring", due)]));
    world.log.append(&Event::Sent("bad".to_owned()));
    let parked = until(&world, "parked", |view| view.status == Status::Parked).await;
    assert_eq!(parked.timers.len(), 1);
    world.signal("Alarm-a", "retry", None).await;
    sent(&world, "bad").await;
    let waiting = until(&world, "it waits", |view| view.status == Status::Waiting).await;
    assert_eq!(waiting.timers, parked.timers);
    eventually("the run that follows has the server's timer", async || {
        let counts = timers(&world).await;
        if counts == (1, 0) { Ok(()) } else { Err(counts) }
    })
    .await;
}

/// Starts a server of its own, with a database file.
async fn persistent(folder: &Path, port: u16) -> (DevServer, TestServer) {
    let config =
        DevServerConfig { database: Some(folder.join("temporal.db")), ..DevServerConfig::new(temporal_cli(), port) };
    let mut dev_server = DevServer::spawn(&config.with_fresh_caches()).unwrap();
    dev_server.ready().await.unwrap();
    let address = format!("http://{}", dev_server.address()).parse().unwrap();
    let server = TestServer::on(TemporalConfig::at(address, "default")).await.unwrap();
    (dev_server, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_temporal_away_at_its_time_it_is_handled_late() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let (dev_server, server) = persistent(folder.path(), port).await;
    let mut world = World { log: MemoryLog::default(), recorder: Recorder::default(), server, worker: None };
    world.host::<Alarm>().await;
    let due = soon(4_000);
    let event = world.log.append(&set(&[("ring", due)]));
    world.handled_by::<Alarm>(&event).await;
    world.kill();
    dev_server.stop().await.unwrap();
    passed(due).await;
    let (_dev_server, server) = persistent(folder.path(), port).await;
    world.server = server;
    world.host::<Alarm>().await;
    sent(&world, "1:ring").await;
    assert_eq!(world.recorder.effects(), ["1:ring"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn t04_due_while_the_instance_is_parked_it_is_handled_after_the_retry() {
    let world = world().await;
    passed(parked_with_a_timer(&world).await).await;
    let before = world.recorder.labels();
    let event = world.log.append(&Event::Sent("later".to_owned()));
    until(&world, "the event waits", |view| view.queued_events == 1).await;
    assert_eq!(world.recorder.labels(), before);
    world.signal("Alarm-a", "retry", None).await;
    world.handled_by::<Alarm>(&event).await;
    assert_eq!(world.recorder.labels()[before.len()..], ["bad", "1:ring", "later"]);
}

/// Parks the instance before a timer is due, and returns when that is.
async fn parked_with_a_timer(world: &World) -> DateTime<Utc> {
    for wait in UNTIL_DUE {
        world.recorder.answer("bad", &[Receiver::Refuses, Receiver::Accepts]);
        let due = soon(wait);
        world.log.append(&set(&[("ring", due)]));
        world.log.append(&Event::Sent("bad".to_owned()));
        let parked = until(world, "parked", |view| view.status == Status::Parked).await;
        if !parked.timers.is_empty() {
            return due;
        }
        world.signal("Alarm-a", "retry", None).await;
        until(world, "it waits", |view| view.status == Status::Waiting).await;
    }
    panic!("the timer is always due before the instance is parked");
}

#[tokio::test(flavor = "multi_thread")]
async fn t05_a_later_instance_does_not_see_the_timers_of_one_that_has_stopped() {
    let world = world().await;
    let set = || set(&[("ring", soon(3_600_000))]);
    world.log.append(&set());
    let stopped = world.log.append(&Event::Stopped);
    world.handled_by::<Alarm>(&stopped).await;
    let again = world.log.append(&Event::Sent("again".to_owned()));
    world.handled_by::<Alarm>(&again).await;
    assert!(until(&world, "it waits", |view| view.status == Status::Waiting).await.timers.is_empty());
    // The same holds for an instance that begins in the run in which the other has ended.
    world.recorder.answer("bad", &[Receiver::Refuses, Receiver::Accepts]);
    for event in [set(), Event::Sent("bad".to_owned()), Event::Stopped, Event::Sent("anew".to_owned())] {
        world.log.append(&event);
    }
    until(&world, "all wait", |view| view.status == Status::Parked && view.queued_events == 2).await;
    world.signal("Alarm-a", "retry", None).await;
    sent(&world, "anew").await;
    assert!(until(&world, "it waits", |view| view.status == Status::Waiting).await.timers.is_empty());
    assert_eq!(world.recorder.effects(), ["again", "bad", "anew"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn t06_a_timer_whose_command_is_refused_parks_the_instance() {
    let world = world().await;
    world.recorder.answer("1:ring", &[Receiver::Refuses, Receiver::Accepts]);
    world.log.append(&set(&[("ring", soon(0))]));
    let parked = until(&world, "parked", |view| view.status == Status::Parked).await;
    let failure = parked.failure.unwrap();
    assert_eq!((failure.event.as_str(), failure.code.as_str()), ("timer ring", "refused-by-test"));
    world.signal("Alarm-a", "retry", None).await;
    sent(&world, "1:ring").await;
    let keys: Vec<_> = world.recorder.sent().into_iter().map(|sent| sent.envelope.idempotency_key).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_a_timer_of_a_month_is_one_timer_at_the_server() {
    let world = world().await;
    let due = Utc::now() + TimeDelta::days(30);
    let event = world.log.append(&set(&[("month", due)]));
    world.handled_by::<Alarm>(&event).await;
    let started = eventually("the server's timer", async || {
        let history = server::history(world.server.client(), "Alarm-a").await;
        let mut timers = history.into_iter().filter(|event| event.event_type() == EventType::TimerStarted);
        timers.next().ok_or("none")
    })
    .await;
    let Some(Attributes::TimerStartedEventAttributes(timer)) = started.attributes else { panic!("it is a timer") };
    let days = timer.start_to_fire_timeout.unwrap().seconds / (24 * 60 * 60);
    assert!((29..=30).contains(&days), "{days} days");
    let summary = started.user_metadata.unwrap().summary.unwrap();
    assert_eq!(summary.data, b"\"timer month\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn t08_an_operator_sees_timers_and_instructs() {
    let world = world().await;
    let (soon, later) = (soon(1_500), Utc::now() + TimeDelta::days(1));
    world.log.append(&set(&[("now", soon), ("tomorrow", later)]));
    sent(&world, "1:now").await;
    let alarms = Operator::new(world.server.client().clone()).instances_of("Alarm");
    let view = until(&world, "one timer is left", |view| view.timers.len() == 1).await;
    assert_eq!((view.timers[0].name.as_str(), view.timers[0].due_at), ("tomorrow", later));

    alarms.instruct("a", "Raise", &json!("overdue")).await.unwrap();
    // None of these is an instruction: they change nothing, and nothing fails.
    for (kind, data) in [("Sent", json!("never")), ("Unknown", json!(null)), ("Raise", json!({"not": "a text"}))] {
        alarms.instruct("a", kind, &data).await.unwrap();
    }
    world.signal("Alarm-a", "instruct", None).await;
    world.signal("Alarm-a", "instruct", Some(json!([1]))).await;
    let raised = eventually("an operator is needed", async || {
        let instance = alarms.read("a").await.unwrap().unwrap();
        instance.attention.clone().ok_or(instance)
    })
    .await;
    assert_eq!(raised.code, "overdue");
    let told: Vec<_> = alarms.timeline("a").await.unwrap().entries.into_iter().map(|entry| entry.event).collect();
    // On a busy machine it may have been due before the server could have a timer for it.
    let history = server::history(world.server.client(), "Alarm-a").await;
    let has_fired = history.iter().any(|event| event.event_type() == EventType::TimerFired);
    assert_eq!(told.contains(&TimelineEvent::TimerDue("now".to_owned())), has_fired, "{told:?}");
    assert!(told.contains(&TimelineEvent::Instructed("Raise".to_owned())), "{told:?}");

    alarms.instruct("a", "Raise", &json!("nothing")).await.unwrap();
    until(&world, "nobody is needed", |view| view.attention.is_none()).await;
    let too_large = alarms.instruct("a", "Raise", &json!("x".repeat(20_000))).await;
    assert!(too_large.is_err());
    assert_eq!(world.recorder.effects(), ["1:now"]);
    let unknown = alarms.instruct("b", "Raise", &json!("overdue")).await;
    assert!(unknown.is_err());
}
