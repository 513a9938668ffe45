//! S11, S13–S15: events that cannot be read or delivered, and operators who decide about them.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use process_manager::manager::{
    Commands, Context, Metadata, OnRoutingError, ProcessManager, Route, RouteKind, RoutingError,
};
use process_manager_client::feed::{EventSource, FeedError, FeedEvent, MemoryLog};
use process_manager_engine::subscription::Status;
use process_manager_host::{Manager, WaitError, operator::Operator, wait_until_handled};
use process_manager_wire::{CloudEvent, Position};
use serde::{Deserialize, Serialize};
use serde_json::json;
use temporalio_client::{Client, NamespacedClient, grpc::OperatorService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::operatorservice::v1::ListSearchAttributesRequest;
use test_support::{STALL, eventually};

use super::{
    ended::terminate,
    probe::Command,
    world::{World, applied},
};

/// The events that an instance has applied, in the order in which it handled them.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Applied {
    applied: Vec<String>,
}

/// An old and a new process manager of payments: the amount of a payment and the version differ. Subjects say what to
/// do: `strict` is a strict start, `skip` skips an event that cannot be routed.
macro_rules! payments {
    ($type:ident, $event:ident, $amount:ty, $version:literal) => {
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "type", content = "data")]
        enum $event {
            Noted { note: String, account: String },
            Paid { amount: $amount, account: String },
        }

        #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
        struct $type(Applied);

        impl ProcessManager for $type {
            const NAME: &'static str = "Payments";
            const VERSION: u32 = $version;
            type Event = $event;
            type Command = Command;
            type Error = Infallible;

            fn route(event: &$event, metadata: &Metadata) -> Result<Route, Infallible> {
                let ($event::Noted { account, .. } | $event::Paid { account, .. }) = event;
                let kind = if metadata.subject == "strict" { RouteKind::StartStrict } else { RouteKind::Start };
                Ok(Route::to(kind, [account]))
            }

            fn handle(&self, event: &$event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
                Ok(match event {
                    $event::Paid { amount, .. } => Command::Do { label: amount.to_string() }.into(),
                    $event::Noted { .. } => Commands::none(),
                })
            }

            fn apply(&mut self, event: &$event, _: &Context<'_>) -> Result<(), Infallible> {
                self.0.applied.push(match event {
                    $event::Paid { amount, .. } => amount.to_string(),
                    $event::Noted { note, .. } => note.clone(),
                });
                Ok(())
            }

            fn on_routing_error(_: &RoutingError<Infallible>, metadata: &Metadata, _: u32) -> OnRoutingError {
                match metadata.subject.as_str() {
                    "skip" | "strict" => OnRoutingError::Skip,
                    _ => OnRoutingError::Stop,
                }
            }
        }
    };
}

payments!(OfNumbers, OfNumber, u64, 1);
payments!(OfTexts, OfText, String, 1);
payments!(OfLater, OfLaterText, String, 2);

fn noted(world: &World, account: &str, note: &str) -> CloudEvent {
    world.log.append(&json!({"type": "Noted", "data": {"account": account, "note": note}}))
}

fn about(world: &World, subject: &str, account: &str, note: &str) -> CloudEvent {
    let event = world.log.append(&json!({"type": "Ignored", "data": {}}));
    let data = json!({"account": account, "note": note});
    world.log.append_raw(CloudEvent { subject: subject.to_owned(), kind: "Noted".to_owned(), data, ..event })
}

async fn stopped_at<M: ProcessManager>(world: &World, position: Position) -> String {
    let state = eventually("stopped", async || match world.subscription_of::<M>().await {
        state if state.status == Status::Stopped => Ok(state),
        state => Err(state),
    })
    .await;
    assert_eq!(state.at.position, position);
    state.error.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_an_event_that_cannot_be_read_stops_visibly_and_is_delivered_once_the_code_is_fixed() {
    let mut world = World::without_worker().await;
    world.host::<OfNumbers>().await;
    noted(&world, "a", "first");
    let paid = world.log.append(&json!({"type": "Paid", "data": {"account": "a", "amount": "12.50"}}));
    let third = noted(&world, "a", "third");
    let why = stopped_at::<OfNumbers>(&world, 1).await;
    assert!(why.contains("Paid at position 2") && why.contains("12.50"), "{why}");
    let waited = wait_until_handled::<OfNumbers>(world.server.client(), &paid, STALL).await;
    assert!(matches!(waited, Err(WaitError::NotRouted(_))), "{waited:?}");

    // An operator lets it be passed over, and the instance goes on.
    let payments = Operator::new(world.server.client().clone()).subscription("Payments");
    payments.resume(Some(2)).await.unwrap();
    world.handled_by::<OfNumbers>(&third).await;
    world.kill();
    world.host::<OfTexts>().await;
    let fourth = noted(&world, "a", "fourth");
    world.handled_by::<OfTexts>(&fourth).await;

    // It is redelivered twice but handled once. Events that the subscription has not reached are left out.
    for again in [1, 2] {
        payments.redeliver(&[2, 9], Some("a")).await.unwrap();
        let state = eventually("it is redelivered", async || match world.subscription_of::<OfTexts>().await {
            state if state.redelivered.as_ref().is_some_and(|it| it.events == 1) => Ok(state),
            state => Err(state),
        })
        .await;
        let left_out = state.redelivered.unwrap().left_out;
        assert_eq!((left_out.len(), left_out[0].position), (1, 9), "{again}: {left_out:?}");
        let next = noted(&world, "a", "next");
        world.handled_by::<OfTexts>(&next).await;
    }
    let seen = applied(&world.view_of::<OfTexts>("a").await.unwrap()).unwrap();
    assert_eq!(seen.iter().filter(|it| *it == "12.50").count(), 1, "{seen:?}");
    assert_eq!(seen[..3], ["first", "third", "fourth"]);
    assert_eq!(world.recorder.effects(), ["12.50"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_an_event_that_no_instance_can_take_is_a_routing_error_and_the_others_go_on() {
    let mut world = World::without_worker().await;
    world.host::<OfTexts>().await;
    noted(&world, "a", "small");
    about(&world, "skip", "a", &"x".repeat(5 * 1024 * 1024));
    let of_a = noted(&world, "a", "next");
    let of_b = noted(&world, "b", "other");
    world.handled_by::<OfTexts>(&of_b).await;
    world.handled_by::<OfTexts>(&of_a).await;
    assert_eq!(applied(&world.view_of::<OfTexts>("a").await.unwrap()).unwrap(), ["small", "next"]);
    // By default the subscription stops, visibly.
    let large = about(&world, "stop", "a", &"x".repeat(3 * 1024 * 1024));
    let why = stopped_at::<OfTexts>(&world, large.sequence - 1).await;
    assert!(why.contains("instance a cannot take the event"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_an_instance_that_cannot_answer_does_not_hold_up_the_others() {
    let mut world = World::without_worker().await;
    world.host::<OfLater>().await;
    let first = noted(&world, "a", "first");
    world.handled_by::<OfLater>(&first).await;
    world.kill();
    // Rolled back: the run needs version 2, so it answers no query.
    world.host::<OfTexts>().await;
    about(&world, "strict", "a", "strict");
    let other = noted(&world, "b", "other");
    world.handled_by::<OfTexts>(&other).await;
    terminate(&world, "Payments-a").await;
    noted(&world, "a", "after");
    let other = noted(&world, "b", "another");
    world.handled_by::<OfTexts>(&other).await;
    let status = world.subscription_of::<OfTexts>().await.status;
    assert!([Status::Following, Status::Retrying].contains(&status), "{status:?}");
    // After a while it reports which one holds it up, and why.
    let told = eventually("it tells", async || match world.subscription_of::<OfTexts>().await {
        state if state.status == Status::Retrying => Ok(state),
        state => Err(state),
    })
    .await;
    let told: Vec<_> = told.retrying.iter().map(|it| (it.id.as_str(), it.why.is_empty())).collect();
    assert_eq!(told, [("a", false)]);
    // The next run is not given what the run was given before.
    world.signal("subscription-Payments", "rewind", Some(json!({"position": 0}))).await;
    let last = noted(&world, "b", "last");
    world.handled_by::<OfTexts>(&last).await;
    assert_eq!(applied(&world.view_of::<OfTexts>("b").await.unwrap()).unwrap(), ["other", "another", "last"]);
}

/// A log that is replaced while it is followed.
#[derive(Clone)]
struct Replaced(Arc<Mutex<MemoryLog>>);

impl EventSource for Replaced {
    async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        let log = self.0.lock().unwrap().clone();
        // A replaced log is not waited for.
        EventSource::read(&log, after, limit, wait.min(Duration::from_millis(100))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_restored_log_with_another_id_goes_on_at_the_same_place_and_nothing_is_handled_twice() {
    let mut world = World::without_worker().await;
    let source = Replaced(Arc::new(Mutex::new(world.log.clone())));
    let replaced = source.clone();
    world
        .host_all(move |world, hosting| hosting.manager(Manager::<OfTexts>::new(source, world.recorder.clone())))
        .await;
    let first = noted(&world, "a", "one");
    let second = noted(&world, "b", "two");
    world.handled_by::<OfTexts>(&second).await;
    let restored = MemoryLog::default();
    for event in [first, second] {
        restored.append_raw(event);
    }
    *replaced.0.lock().unwrap() = restored.clone();
    world.log = restored;
    let third = noted(&world, "a", "three");
    let why = stopped_at::<OfTexts>(&world, 2).await;
    assert!(why.contains("the log is another one"), "{why}");
    let payments = Operator::new(world.server.client().clone()).subscription("Payments");
    payments.resume_continuing(None).await.unwrap();
    world.handled_by::<OfTexts>(&third).await;
    payments.rewind(0).await.unwrap();
    eventually("it is rewound", async || match world.subscription_of::<OfTexts>().await {
        state if state.at.position == 0 => Ok(()),
        state => Err(state),
    })
    .await;
    // By then one instance has seen something of the restored log, and the other nothing.
    for (id, seen) in [("a", ["one", "three", "last"].as_slice()), ("b", &["two", "last"])] {
        let last = noted(&world, id, "last");
        world.handled_by::<OfTexts>(&last).await;
        assert_eq!(applied(&world.view_of::<OfTexts>(id).await.unwrap()).unwrap(), seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_search_attributes_are_registered_where_process_managers_are_hosted() {
    let mut world = World::without_worker().await;
    let registered = async |client: &Client| {
        let request = ListSearchAttributesRequest { namespace: client.namespace() };
        let known = client.clone().list_search_attributes(request.into_request()).await.unwrap().into_inner();
        known.custom_attributes.contains_key("ProcessId") && known.custom_attributes.contains_key("Incident")
    };
    assert!(!registered(world.server.client()).await);
    world.host::<OfTexts>().await;
    assert!(registered(world.server.client()).await);
    let event = noted(&world, "a", "one");
    world.handled_by::<OfTexts>(&event).await;
}
