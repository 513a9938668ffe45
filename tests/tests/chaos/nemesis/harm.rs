//! How each harm is done.

use std::time::Duration;

use futures::future::join_all;
use tests::{Fault, PostgresServer};
use tokio::time::sleep;

use super::{Harm, disk, lock, schedule::Spoil};
use crate::system::{Mode, Slot, System};

/// Does the harm and undoes it after its time. Returns whether it was done: a program that another harm holds is left
/// alone.
pub(super) async fn is_done(system: &System, harm: Harm) -> bool {
    match harm {
        Harm::Kill { programs, down } => {
            let kills = programs.into_iter().map(|name| kill(&system.slots[name], down));
            return join_all(kills).await.contains(&true);
        }
        Harm::Stop(name) => return stop(&system.slots[name]).await,
        Harm::Pause(name, time) => return pause(&system.slots[name], time).await,
        Harm::CutLink(link, time) => {
            let proxy = &system.links[link].proxy;
            proxy.down().await;
            sleep(time).await;
            proxy.up();
        }
        Harm::Spoil { link, count, how } => system.links[link].proxy.fault_times(count, "/", fault(how)),
        Harm::CutWire(wire, time) => {
            system.wires[wire].down().await;
            sleep(time).await;
            system.wires[wire].up().await;
        }
        Harm::SilentWire(wire, time) => {
            system.wires[wire].set(Mode::Silent);
            sleep(time).await;
            system.wires[wire].set(Mode::Pass);
        }
        Harm::SlowWire { wire, each, time } => {
            system.wires[wire].set(Mode::Slow(each));
            sleep(time).await;
            system.wires[wire].set(Mode::Pass);
        }
        Harm::Lock(service, time) => return lock::is_held(&system.databases[service], time).await,
        Harm::FullDisk(service, time) => {
            let is_sqlite = system.databases[service].starts_with("sqlite:");
            return is_sqlite && full_disk(system, &system.slots[service], time).await;
        }
        Harm::CrashPostgres(down) => return crash_postgres(system, down).await,
        Harm::MoveClock(name, seconds) => return system.slots[name].move_clock(seconds),
        Harm::Upgrade => upgrade(system).await,
    }
    true
}

async fn kill(slot: &Slot, down: Duration) -> bool {
    let Ok(_turn) = slot.turn.try_lock() else { return false };
    slot.kill().await;
    sleep(down).await;
    slot.start().await;
    true
}

async fn stop(slot: &Slot) -> bool {
    let Ok(_turn) = slot.turn.try_lock() else { return false };
    slot.stop().await;
    slot.start().await;
    true
}

async fn pause(slot: &Slot, time: Duration) -> bool {
    let Ok(_turn) = slot.turn.try_lock() else { return false };
    slot.signal("STOP").await;
    sleep(time).await;
    slot.signal("CONT").await;
    true
}

async fn full_disk(system: &System, slot: &Slot, time: Duration) -> bool {
    let Ok(_turn) = slot.turn.try_lock() else { return false };
    let log = system.folder().join(format!("{}.sqlite-wal", slot.name));
    if !disk::fill(slot, &log).await {
        return false;
    }
    sleep(time).await;
    disk::empty(slot).await;
    true
}

fn fault(how: Spoil) -> Fault {
    match how {
        Spoil::LoseAnswer => Fault::LoseAnswer,
        Spoil::Duplicate => Fault::Duplicate,
        Spoil::Delay(time) => Fault::Delay(time),
        Spoil::Hang => Fault::Hang,
        Spoil::Fail => Fault::status(500),
    }
}

async fn crash_postgres(system: &System, down: Duration) -> bool {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let (Some(server), Ok(_turn)) = (&system.postgres, TURN.try_lock()) else { return false };
    tokio::task::block_in_place(|| server.stop());
    sleep(down).await;
    start_postgres(server).await;
    true
}

/// Starts PostgreSQL, unless it runs.
pub(super) async fn start_postgres(server: &PostgresServer) {
    if tokio::net::TcpStream::connect(("127.0.0.1", server.port())).await.is_err() {
        tokio::task::block_in_place(|| server.start_again());
    }
}

/// Upgrades the services, then all workers (no old one may run beside a new one), then the apis.
async fn upgrade(system: &System) {
    for name in crate::plan::SERVICES {
        replace(system, &[name]).await;
    }
    replace(system, &["worker-1", "worker-2"]).await;
    replace(system, &["api-1", "api-2"]).await;
}

async fn replace(system: &System, names: &[&str]) {
    let mut turns = Vec::new();
    for name in names {
        let slot = &system.slots[name];
        turns.push(slot.turn.lock().await);
        slot.stop().await;
        system.upgrade(slot);
    }
    for name in names {
        system.slots[name].start().await;
    }
}
