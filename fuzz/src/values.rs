//! Values that are handed over, times, limits and texts.

use chrono::{DateTime, Utc};
use messages::confirmation::Period;
use process_manager::{
    batch::{Limits, LimitsChange, StartBatch, Tolerated},
    instance::{Delivery, Instance, Ledger, Next, Snapshot, Status},
    limits::cut_to,
    manager::RouteKind,
};
use process_manager_wire::without_credentials;
use serde_json::{Value, json};

use crate::{
    json::{depth, event, same},
    keeper::{Command, Keeper},
};

/// Depth up to which a value can be the state and a command of an instance.
const HANDED_OVER: usize = 100;

/// Takes a JSON value as it is, as state of an instance and as limits; a text as a time, cut, and with a URL's
/// credentials.
pub fn values(data: &[u8]) {
    if let Some(value) = same::<Value>(data) {
        handed_over(&value);
    }
    same::<Tolerated>(data);
    same::<StartBatch>(data);
    let change = same::<LimitsChange>(data).unwrap_or_default();
    for limits in [same::<Limits>(data), Some(Limits::default())].into_iter().flatten() {
        if let Ok(changed) = limits.changed(change) {
            assert_eq!(changed.check(), Ok(()));
            assert_eq!(changed.changed(LimitsChange::default()), Ok(changed));
        }
    }
    if let Ok(text) = str::from_utf8(data) {
        period(text);
        cut(text);
        secret(text);
    }
}

/// Checks that a value from an event is sent, becomes the state, and passes from run to run, to the last digit.
fn handed_over(value: &Value) {
    let now: DateTime<Utc> = "2026-01-02T00:00:00Z".parse().expect("it is a time");
    let mut instance = Instance::<Keeper>::new("K-1", 1, Ledger::default());
    let delivery = Delivery::new(event(1, "Kept", value), RouteKind::Start);
    assert!(instance.deliver(delivery.clone()) && !instance.deliver(delivery));
    let is_flat = depth(value) <= HANDED_OVER;
    for _ in 0..4 {
        let Some(next) = next_run(&instance) else {
            assert!(!is_flat, "an instance cannot be handed over");
            return;
        };
        assert_eq!(next.clone().advance(now), instance.clone().advance(now));
        instance = next;
        match instance.advance(now) {
            Next::Dispatch(dispatch) => {
                assert_eq!(dispatch.outgoing.command, Command::Keep(value.clone()));
                instance.answered(Ok(()), now);
            }
            Next::Wait(_) => break,
            other => panic!("{other:?}"),
        }
    }
    match instance.view().status {
        Status::Parked => assert!(!is_flat, "{:?}", instance.parked()),
        _ => assert_eq!(instance.view().state, *value),
    }
}

/// Returns the instance as the next run reads it.
fn next_run(instance: &Instance<Keeper>) -> Option<Instance<Keeper>> {
    let snapshot = instance.snapshot().ok()?;
    let text = json!({"begin": {"carried": snapshot}}).to_string();
    let mut read: Value = serde_json::from_str(&text).expect("a snapshot is read");
    let read: Snapshot = serde_json::from_value(read["begin"]["carried"].take()).expect("it is a snapshot");
    assert_eq!(read, snapshot);
    let next = Instance::resume(instance.id(), 1, read).expect("a snapshot is resumed");
    assert_eq!(next.unreadable(), None);
    assert_eq!(next.view(), instance.view());
    Some(next)
}

fn period(text: &str) {
    let Ok(period) = text.parse::<Period>() else { return };
    assert_eq!(period.to_string().parse(), Ok(period), "{period}");
    assert!((1..=3_650 * 24 * 60 * 60).contains(&period.get().as_secs()));
}

fn cut(text: &str) {
    for chars in [0, 1, 2, 20] {
        let cut = cut_to(text.to_owned(), chars);
        if text.chars().count() <= chars {
            assert_eq!(cut, text);
        } else {
            let begin = cut.strip_suffix('…').expect("it tells that it is cut");
            assert!(text.starts_with(begin) && begin.chars().count() == chars.saturating_sub(1));
        }
    }
}

/// Checks that a password with any characters allowed in URLs is not shown.
fn secret(text: &str) {
    let shown = without_credentials(text);
    assert_eq!(without_credentials(&shown), shown);
    let is_in_urls = |c: char| !c.is_whitespace() && !matches!(c, '"' | '<' | '>' | '`');
    let password = text.trim();
    // The mask may look like such a password.
    if password.len() > 12 && password.chars().all(is_in_urls) && !password.contains("***") {
        let shown = without_credentials(&format!("at http://ada:{password}@host/path: no"));
        assert!(!shown.contains(password) && shown.ends_with("host/path: no"), "{shown}");
    }
}
