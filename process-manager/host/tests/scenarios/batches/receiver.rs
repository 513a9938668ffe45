//! The receiver of a batch's commands, with behaviour set by the test.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use process_manager_client::http::Envelope;
use process_manager_host::{DispatchError, Dispatcher};
use tokio::{sync::Semaphore, time::Instant};

use super::world::Command;

/// A command that has arrived.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub(super) number: u32,
    pub(super) is_undo: bool,
    pub(super) key: String,
    pub(super) at: Instant,
    pub(super) took_effect: bool,
}

/// What the receiver does with a number; it accepts all others.
#[derive(Debug, Clone)]
pub(super) enum Does {
    Refuses(&'static str),
    /// Has a fault this many times, then accepts.
    Faults(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Receiver {
    pub(super) arrived: Arc<Mutex<Vec<Arrived>>>,
    pub(super) does: Arc<Mutex<BTreeMap<u32, Does>>>,
    pub(super) is_away: Arc<AtomicBool>,
    /// A command is answered once it gets one of these.
    pub(super) gate: Arc<Semaphore>,
    pub(super) in_flight: Arc<AtomicUsize>,
    pub(super) most_in_flight: Arc<AtomicUsize>,
}

struct Flying(Arc<AtomicUsize>);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Dispatcher<Command> for Receiver {
    async fn dispatch(&self, command: &Command, envelope: &Envelope) -> Result<(), DispatchError> {
        let flying = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let _flying = Flying(self.in_flight.clone());
        self.most_in_flight.fetch_max(flying, Ordering::SeqCst);
        let (number, is_undo) = match command {
            Command::Count { number } => (*number, false),
            Command::Uncount { number } => (*number, true),
        };
        let key = envelope.idempotency_key.clone().unwrap();
        let at = Instant::now();
        self.gate.acquire().await.unwrap().forget();
        let answer = self.answer(number);
        let mut arrived = self.arrived.lock().unwrap();
        let is_new = !arrived.iter().any(|earlier| earlier.took_effect && earlier.key == key);
        arrived.push(Arrived { number, is_undo, key, at, took_effect: answer.is_ok() && is_new });
        answer
    }
}

impl Receiver {
    fn answer(&self, number: u32) -> Result<(), DispatchError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(DispatchError::Fault("the receiver is away, as the test wants it".into()));
        }
        match self.does.lock().unwrap().get_mut(&number) {
            Some(Does::Refuses(code)) => Err(DispatchError::refused(*code, format!("{number} is refused"))),
            Some(Does::Faults(times)) if *times > 0 => {
                *times -= 1;
                Err(DispatchError::Fault("the test wants it".into()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn refuses(&self, numbers: impl IntoIterator<Item = u32>, code: &'static str) {
        self.does.lock().unwrap().extend(numbers.into_iter().map(|number| (number, Does::Refuses(code))));
    }

    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// Lets this many commands pass that wait at the gate.
    pub(super) fn lets_pass(&self, commands: usize) {
        self.gate.add_permits(commands);
    }

    /// Returns the numbers that are counted now, in order.
    pub(super) fn counted(&self) -> Vec<u32> {
        let mut counted = BTreeSet::new();
        for arrived in self.arrived().into_iter().filter(|arrived| arrived.took_effect) {
            if arrived.is_undo {
                counted.remove(&arrived.number);
            } else {
                assert!(counted.insert(arrived.number), "{} took effect twice", arrived.number);
            }
        }
        counted.into_iter().collect()
    }
}
