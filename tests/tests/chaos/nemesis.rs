//! Does harm, all of it planned by the seed, and heals it at the end.

mod disk;
mod harm;
mod lock;
mod schedule;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{task::JoinSet, time::Instant};

pub(crate) use self::schedule::{Harm, Planned, schedule};
use crate::system::{Mode, System};

/// How often each kind of harm was done.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    fn add(&self, name: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Does everything that is planned. Returns when the last harm is over.
pub(crate) async fn run(system: Arc<System>, planned: Vec<Planned>, tally: Arc<Tally>) {
    let begun = Instant::now();
    let mut at_work = JoinSet::new();
    for Planned { at, harm } in planned {
        tokio::time::sleep_until(begun + at).await;
        while let Some(done) = at_work.try_join_next() {
            done.expect("a harm does not fail");
        }
        let (system, tally) = (Arc::clone(&system), Arc::clone(&tally));
        at_work.spawn(async move {
            let name = harm.name();
            if harm::is_done(&system, harm).await {
                tally.add(name);
            }
        });
    }
    while let Some(done) = at_work.join_next().await {
        done.expect("a harm does not fail");
    }
}

/// Undoes all harm: every program runs, every connection works, every clock is right.
pub(crate) async fn heal(system: &System) {
    if let Some(server) = &system.postgres {
        // This is harmless if it runs.
        harm::start_postgres(server).await;
    }
    for wire in &system.wires {
        wire.set(Mode::Pass);
        // Half-open connections are cut, so that nobody waits for them for ever.
        wire.down().await;
        wire.up().await;
    }
    for link in &system.links {
        link.proxy.heal();
        link.proxy.down().await;
        link.proxy.up();
    }
    for slot in system.slots.values() {
        let _turn = slot.turn.lock().await;
        slot.signal("CONT").await;
        slot.move_clock(0);
        disk::empty(slot).await;
        slot.start().await;
    }
}
