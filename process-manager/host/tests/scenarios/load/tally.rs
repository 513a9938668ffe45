//! A process manager whose state stays small, however many events it sees, and the receiver of its commands.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use process_manager::{
    instance::InstanceView,
    manager::{Commands, Context, Metadata, ProcessManager, Route},
};
use process_manager_client::{feed::MemoryLog, http::Envelope};
use process_manager_host::{DispatchError, Dispatcher, Manager, testing::TestWorker};
use process_manager_wire::{CloudEvent, Problem};
use serde::{Deserialize, Serialize};
use test_support::eventually;
use tokio::sync::watch;

use super::super::world::World;

/// An event of one instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Event {
    Counted { instance: String, number: u64, is_reported: bool, padding: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Command {
    /// `seen` is the state before the event.
    Report { instance: String, number: u64, seen: Tally },
}

/// How many numbers there were, and which ones in which order.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) count: u64,
    checksum: u64,
}

impl Tally {
    pub(super) fn of(numbers: impl IntoIterator<Item = u64>) -> Self {
        let mut tally = Self::default();
        numbers.into_iter().for_each(|number| tally.add(number));
        tally
    }

    /// FNV-1a over the numbers: another order gives another checksum.
    fn add(&mut self, number: u64) {
        self.count += 1;
        self.checksum = (self.checksum ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(5);
    }
}

impl ProcessManager for Tally {
    const NAME: &'static str = "Tally";
    type Event = Event;
    type Command = Command;
    type Error = std::convert::Infallible;

    fn route(Event::Counted { instance, .. }: &Event, _: &Metadata) -> Result<Route, Self::Error> {
        Ok(Route::start(instance))
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Self::Error> {
        let Event::Counted { instance, number, is_reported, .. } = event;
        let report = || Command::Report { instance: instance.clone(), number: *number, seen: *self };
        Ok(is_reported.then(report).into_iter().collect())
    }

    fn apply(&mut self, Event::Counted { number, .. }: &Event, _: &Context<'_>) -> Result<(), Self::Error> {
        self.add(*number);
        Ok(())
    }
}

/// Receives commands; each idempotency key takes effect once.
#[derive(Clone, Default)]
pub(super) struct Reports {
    seen: Arc<Mutex<Seen>>,
    /// How many took effect.
    effects: Arc<watch::Sender<usize>>,
}

#[derive(Default)]
struct Seen {
    keys: HashSet<String>,
    effects: HashMap<String, Vec<(u64, Tally)>>,
    dispatched: usize,
    is_refusing: bool,
}

impl Reports {
    /// Refuses every command, or none.
    pub(super) fn refuse(&self, is_refusing: bool) {
        self.seen.lock().unwrap().is_refusing = is_refusing;
    }

    /// Waits until this many commands have taken effect.
    pub(super) async fn until(&self, count: usize) {
        eventually(&format!("{count} commands have taken effect"), async || {
            let effects = *self.effects.borrow();
            if effects >= count { Ok(()) } else { Err(effects) }
        })
        .await;
    }

    /// Returns the commands that took effect, in order, by instance: the number, and what the instance had seen before
    /// it.
    pub(super) fn effects(&self) -> HashMap<String, Vec<(u64, Tally)>> {
        self.seen.lock().unwrap().effects.clone()
    }

    /// Returns how often a command was dispatched, repetitions included.
    pub(super) fn dispatched(&self) -> usize {
        self.seen.lock().unwrap().dispatched
    }
}

impl Dispatcher<Command> for Reports {
    async fn dispatch(&self, command: &Command, envelope: &Envelope) -> Result<(), DispatchError> {
        let Command::Report { instance, number, seen: tally } = command;
        let mut seen = self.seen.lock().unwrap();
        seen.dispatched += 1;
        let refused = seen.is_refusing;
        if !refused && seen.keys.insert(envelope.idempotency_key.clone().unwrap()) {
            seen.effects.entry(instance.clone()).or_default().push((*number, *tally));
            self.effects.send_modify(|effects| *effects += 1);
        }
        if refused { Err(DispatchError::Refused(problem())) } else { Ok(()) }
    }
}

fn problem() -> Problem {
    Problem {
        kind: String::new(),
        title: String::new(),
        status: 409,
        detail: "the test wants it".to_owned(),
        code: "refused-by-test".to_owned(),
    }
}

/// Records an event of this instance.
pub(super) fn append(log: &MemoryLog, instance: &str, number: u64, is_reported: bool, padding: usize) -> CloudEvent {
    log.append(&Event::Counted { instance: instance.to_owned(), number, is_reported, padding: "x".repeat(padding) })
}

/// Hosts [`Tally`] in a worker.
pub(super) async fn host(world: &World, reports: &Reports) -> TestWorker {
    world
        .server
        .host(|hosting| hosting.manager(Manager::<Tally>::new(world.log.clone(), reports.clone())))
        .await
        .unwrap()
}

/// Waits until the instance is as the test expects.
pub(super) async fn until(world: &World, id: &str, what: &str, is_so: impl Fn(&InstanceView) -> bool) -> InstanceView {
    eventually(what, async || match world.view_of::<Tally>(id).await {
        Some(view) if is_so(&view) => Ok(view),
        other => Err(other),
    })
    .await
}
