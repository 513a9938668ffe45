//! Made-up snapshots and ledgers: nothing panics, spins or is lost.

use chrono::{DateTime, Utc};
use process_manager::{
    batch::BatchState,
    instance::{Delivery, Fetch, Instance, Ledger, Next, Published, Signalled, Snapshot},
    manager::{Error, ProcessManager, Refusal, RouteKind},
};
use serde_json::{Value, json};
use transfers::TransferMoney;

use crate::{
    json::{event, same},
    keeper::Keeper,
};

/// Maximum number of steps of an instance.
const STEPS: usize = 60;

/// Takes a JSON value as the snapshot of an instance, as a ledger and as the state of a batch.
pub fn snapshots(data: &[u8]) {
    same::<BatchState>(data);
    if let Some(ledger) = same::<Ledger>(data) {
        accepted(&ledger);
    }
    if let Some(snapshot) = same::<Snapshot>(data) {
        accepted(snapshot.ledger());
        resumed::<Keeper>(&snapshot);
        resumed::<TransferMoney>(&snapshot);
    }
}

/// Checks that an event is accepted once.
fn accepted(ledger: &Ledger) {
    for position in [1, 7, i64::MAX] {
        for redelivered in [false, true] {
            let event = event(position, "Kept", &Value::Null);
            let delivery = Delivery { redelivered, ..Delivery::new(event, RouteKind::Start) };
            let mut ledger = ledger.clone();
            let was_accepted = ledger.has_accepted(&delivery);
            assert_eq!(ledger.accept(&delivery), !was_accepted);
            assert!(ledger.has_accepted(&delivery) && !ledger.accept(&delivery), "it counts twice");
            assert!(ledger.has_accepted_up_to("log", position));
        }
    }
}

fn resumed<M: ProcessManager>(snapshot: &Snapshot) {
    let version = M::VERSION;
    let Ok(instance) = Instance::<M>::resume("T-1", version, snapshot.clone()) else { return };
    let _ = Published::from(instance.view()).is_incident();
    // Made-up snapshots may be too large or too deep to be handed over.
    let Ok(first) = instance.snapshot() else { return };
    let second = Instance::<M>::resume("T-1", version, first.clone()).expect("what was resumed is resumed again");
    assert_eq!(second.unreadable(), instance.unreadable());
    assert_eq!(second.snapshot().expect("what was handed over is handed over again"), first);
    if instance.unreadable().is_some() {
        let (given, kept) = (json!(snapshot), json!(first));
        for field in ["state", "version", "ledger", "handled_events"] {
            assert_eq!(given[field], kept[field], "{field} of a state that cannot be read is lost");
        }
        assert_eq!(given["work"].is_null(), kept["work"].is_null());
    }
    for answers in 0..3 {
        driven(instance.clone(), answers);
    }
    let mut outside = instance;
    outside.ended_from_outside("the run was terminated", now());
    assert!(outside.parked().is_some());
}

fn now() -> DateTime<Utc> {
    "2026-06-01T00:00:00Z".parse().expect("it is a time")
}

/// Goes on like a run whose commands are accepted, refused or faulty.
fn driven<M: ProcessManager>(mut instance: Instance<M>, answers: usize) {
    let mut now = now();
    let _ = instance.instruct("Kept", json!(7), now);
    instance.deliver(Delivery::new(event(i64::MAX, "Kept", &json!(1)), RouteKind::StartStrict));
    for step in 0..STEPS {
        let _ = instance.view();
        match instance.advance(now) {
            Next::Dispatch(_) => {
                let refusal = Refusal { code: "no".to_owned(), detail: "n".to_owned() };
                let answer = match answers {
                    0 => Ok(()),
                    1 => Err(Error::Refused(refusal)),
                    _ => Err(Error::Dispatch("it cannot be sent".to_owned())),
                };
                instance.stalled("s".to_owned(), now);
                instance.answered(answer, now);
            }
            Next::Fetch(Fetch { log, positions }) => {
                assert!(!positions.is_empty(), "nothing is asked for");
                let fetched = positions.iter().take(2).map(|at| {
                    let found = event((*at).max(1), "Kept", &Value::Null);
                    process_manager_wire::CloudEvent { sequence: *at, logid: log.clone(), ..found }
                });
                instance.fetched(Ok(fetched.collect()), now);
            }
            Next::WaitUntil(time) => {
                assert!(time > now, "it waits for what is past");
                now = time;
            }
            Next::Wait(timer) => match (instance.parked().map(|failure| failure.failure_id.clone()), timer) {
                (Some(failure), _) => {
                    let signalled = match step % 2 {
                        0 => instance.retry(Some(&failure)),
                        _ => instance.acknowledge(None),
                    };
                    assert_eq!(signalled, Signalled::Counted);
                }
                (None, Some(timer)) if timer.due_at > now => now = timer.due_at,
                (None, Some(timer)) => panic!("{timer:?} is due"),
                (None, None) => return,
            },
            Next::End(_) => {
                assert!(instance.is_over());
                return;
            }
        }
    }
}
