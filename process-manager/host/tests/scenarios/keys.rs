//! R16 and X10: what names a command, and how it reaches a receiver over HTTP.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use process_manager::manager::{Commands, Context, Metadata, Outgoing, ProcessManager, Route};
use process_manager_client::feed::MemoryLog;
use process_manager_host::{Hosting, HttpDispatcher, Manager};
use process_manager_wire::{CloudEvent, headers};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::{
    probe::{Command, Event, Probe, Step},
    world::World,
};

/// Appends an event with the id `1`, as its log numbers it.
fn numbered(log: &MemoryLog, step: Step) -> CloudEvent {
    let event = MemoryLog::default().append(&Event::Happened(step));
    log.append_raw(CloudEvent { id: "1".to_owned(), ..event })
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_commands_of_events_of_one_id_in_two_logs_each_take_effect() {
    let (mut world, other) = (World::without_worker().await, MemoryLog::default());
    let both = |world: &World, hosting: Hosting| {
        let manager = Manager::<Probe>::new(world.log.clone(), world.recorder.clone());
        hosting.manager(manager.also_follows("other", other.clone()))
    };
    world.host_all(both).await;
    let first = numbered(&world.log, Step::start("a", "one").commands(&["of the first"]));
    world.handled(&first).await;
    let second = numbered(&other, Step::start("a", "two").commands(&["of the second"]));
    world.handled(&second).await;
    assert_eq!(world.recorder.effects(), ["of the first", "of the second"]);
}

/// Sends a command under its own key, and one under a key of the test's with an additional header.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Foreign;

impl ProcessManager for Foreign {
    const NAME: &'static str = "Foreign";
    type Event = Event;
    type Command = Command;
    type Error = std::convert::Infallible;

    fn route(Event::Happened(step): &Event, _: &Metadata) -> Result<Route, Self::Error> {
        Ok(Route::start_each(&step.ids))
    }

    fn handle(&self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<Commands<Command>, Self::Error> {
        let outgoing = |label: &String| Outgoing::new(Command::Do { label: label.clone() });
        let mut commands: Vec<_> = step.commands.iter().map(outgoing).collect();
        let own = commands.remove(0).idempotency_key("der Schlüssel").metadata("tracestate", "größe=1, b = 2");
        // Two headers of a kind would be refused for ever.
        let own = own.metadata("Idempotency-Key", "twice").metadata("x-correlation-id", "twice");
        commands.insert(0, own);
        Ok(commands.into_iter().collect())
    }
}

#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<HeaderMap>>>);

/// Takes a command as the contract says: its ids come once, as 1 to 255 visible ASCII characters.
async fn receive(State(receiver): State<Receiver>, headers: HeaderMap) -> StatusCode {
    let is_fit = |name| {
        let values: Vec<_> = headers.get_all(name).iter().map(|value| value.as_bytes()).collect();
        let [value] = values[..] else { return false };
        (1..=255).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic)
    };
    let is_fit = [headers::IDEMPOTENCY_KEY, headers::CORRELATION_ID, headers::CAUSATION_ID].into_iter().all(is_fit);
    receiver.0.lock().unwrap().push(headers);
    if is_fit { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

#[tokio::test(flavor = "multi_thread")]
async fn x10_ids_that_no_header_can_carry_reach_a_receiver_over_http() {
    let (world, receiver) = (World::without_worker().await, Receiver::default());
    let router = Router::new().route("/commands/do", post(receive)).with_state(receiver.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let dispatcher = HttpDispatcher::new(service).unwrap();
    let manager = Manager::<Foreign>::new(world.log.clone(), dispatcher);
    let _worker = world.server.host(|hosting| hosting.manager(manager)).await.unwrap();
    let long = format!("Bestellung 7 für {}", "Ä".repeat(180));
    for id in ["Bestellung 7 für Käthe", long.as_str()] {
        let event = MemoryLog::default().append(&Event::Happened(Step::start(id, "one").commands(&["x", "y"])));
        let event = CloudEvent { id: format!("Ereignis {id}"), correlationid: id.to_owned(), ..event };
        let event = world.log.append_raw(event);
        world.handled_by::<Foreign>(&event).await;
    }
    let received = receiver.0.lock().unwrap().clone();
    assert_eq!(received.len(), 4, "each is accepted at once: {received:?}");
    let said = |number: usize, name| received[number].get(name).unwrap().to_str().unwrap();
    assert_eq!(said(0, headers::CORRELATION_ID), "Bestellung%207%20f%C3%BCr%20K%C3%A4the");
    assert_eq!(said(0, "tracestate"), "gr%C3%B6%C3%9Fe=1, b = 2");
    assert!(said(0, headers::IDEMPOTENCY_KEY).starts_with("der%20Schl%C3%BCssel~"));
    assert!(said(1, headers::IDEMPOTENCY_KEY).starts_with("Foreign/Bestellung%207%20f%C3%BCr%20K%C3%A4the/"));
    assert_ne!(said(1, headers::IDEMPOTENCY_KEY), said(3, headers::IDEMPOTENCY_KEY));
}
