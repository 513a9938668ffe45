//! Tests of events that a run hands over only by their place, through a whole instance.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::*;
use crate::{
    instance::{Ended, Instance, InstanceView, Ledger, Next, Signalled, Snapshot, Status},
    manager::{Commands, Context, Error, Metadata, Outcome, ProcessManager, Refusal, Route, sample::event},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Message {
    Happened { padding: String },
}

/// Applies numbers; the first event leads to a command.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Numbers(Vec<Position>);

impl ProcessManager for Numbers {
    const NAME: &'static str = "Numbers";
    type Event = Message;
    type Command = Message;
    type Error = std::convert::Infallible;

    fn route(_: &Message, _: &Metadata) -> Result<Route, Self::Error> {
        Ok(Route::start("a"))
    }

    fn handle(&self, _: &Message, _: &Context<'_>) -> Result<Commands<Message>, Self::Error> {
        let command = Message::Happened { padding: String::new() };
        Ok(self.0.is_empty().then_some(command).into_iter().collect())
    }

    fn apply(&mut self, _: &Message, context: &Context<'_>) -> Result<(), Self::Error> {
        self.0.push(context.metadata().position);
        Ok(())
    }

    fn outcome(&self, _: &Message) -> Option<Outcome> {
        Some(Outcome::success("done"))
    }
}

/// Each of these is more than an eighth of what is carried over.
const PADDING: usize = EVENT_BYTES / 8;
const EVENTS: Position = 600;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn padded(position: Position) -> CloudEvent {
    event(position, "Happened", json!({"padding": "x".repeat(PADDING)}))
}

/// Returns the instance as the next run gets it: what is handed over went through JSON.
fn carried(instance: &Instance<Numbers>) -> (Instance<Numbers>, usize) {
    let json = serde_json::to_string(&instance.snapshot().unwrap()).unwrap();
    let carried: Snapshot = serde_json::from_str(&json).unwrap();
    (Instance::resume("a", 1, carried).unwrap(), json.len())
}

/// Returns an instance parked at position 1 with a refusal. The other events wait one behind another; the last is
/// routed as `last`.
fn parked(events: Position, last: RouteKind) -> Instance<Numbers> {
    let mut instance = Instance::new("a", 1, Ledger::default());
    for position in 1..=events {
        let kind = if position == events { last } else { RouteKind::Continue };
        instance.deliver(Delivery::new(padded(position), kind));
        if position == 1 {
            assert!(matches!(instance.advance(now()), Next::Dispatch(_)));
            let refusal = Refusal { code: "no".to_owned(), detail: "no".to_owned() };
            instance.answered(Err(Error::Refused(refusal)), now());
        }
        // Runs are short while it waits.
        if position % 20 == 0 {
            instance = carried(&instance).0;
        }
    }
    carried(&instance).0
}

/// Goes on as far as possible, while the log answers with at most this many events; returns how often it was asked.
fn go_on(instance: &mut Instance<Numbers>, at_once: usize) -> (Next<Message>, usize) {
    let mut asked = 0;
    loop {
        match instance.advance(now()) {
            Next::Fetch(fetch) => {
                assert_eq!(fetch.log, "log");
                assert!(fetch.positions.len() <= FETCHED_AT_ONCE && fetch.positions.is_sorted());
                let answer = fetch.positions.into_iter().take(at_once).map(padded).collect();
                instance.fetched(Ok(answer), now());
                asked += 1;
            }
            Next::Dispatch(_) => instance.answered(Ok(()), now()),
            next => return (next, asked),
        }
    }
}

fn applied(view: &InstanceView) -> Vec<Position> {
    serde_json::from_value(view.state.clone()).unwrap()
}

#[test]
fn events_that_are_handed_over_stay_small_and_are_handled_in_order() {
    let mut instance = parked(EVENTS, RouteKind::Continue);
    assert_eq!(instance.view().queued_events, usize::try_from(EVENTS).unwrap() - 1);
    assert!(carried(&instance).1 < EVENT_BYTES + 16 * 1024, "{} bytes", carried(&instance).1);
    assert_eq!(instance.retry(None), Signalled::Counted);
    let (next, asked) = go_on(&mut instance, 7);
    assert_eq!(next, Next::Wait(None));
    assert!(asked >= 80, "{asked}");
    let view = instance.view();
    assert_eq!((view.status, view.queued_events), (Status::Waiting, 0));
    assert_eq!(applied(&view), (1..=EVENTS).collect::<Vec<_>>());
    assert!(view.ledger.has_handled("log", EVENTS));
}

#[test]
fn events_that_were_read_again_may_be_handed_over_again() {
    let mut instance = parked(100, RouteKind::Continue);
    instance.retry(None);
    while let Next::Dispatch(_) | Next::Fetch(_) = match instance.advance(now()) {
        Next::Fetch(fetch) => {
            instance.fetched(Ok(fetch.positions.iter().copied().map(padded).collect()), now());
            instance = carried(&instance).0;
            Next::Fetch(fetch)
        }
        Next::Dispatch(dispatch) => {
            instance.answered(Ok(()), now());
            Next::Dispatch(dispatch)
        }
        next => next,
    } {}
    assert_eq!(applied(&instance.view()), (1..=100).collect::<Vec<_>>());
}

#[test]
fn a_stop_needs_no_event() {
    let mut instance = parked(40, RouteKind::Stop);
    assert!(instance.view().ends_next);
    instance.retry(None);
    assert_eq!(go_on(&mut instance, 500).0, Next::End(Ended::Stopped));
    assert!(instance.ledger().has_handled("log", 40));
    assert_eq!(instance.view().outcome, None, "only the place of the stop was handed over");
    let mut instance = parked(2, RouteKind::Stop);
    instance.retry(None);
    assert_eq!(go_on(&mut instance, 500).0, Next::End(Ended::Stopped));
    assert_eq!(instance.view().outcome, Some(Outcome::success("done")));
}

/// Returns an event that takes this many bytes while it waits.
fn of_bytes(position: Position, bytes: usize) -> Delivery {
    let padded = |padding: usize| {
        let data = json!({"padding": "x".repeat(padding)});
        Delivery::new(event(position, "Happened", data), RouteKind::Continue)
    };
    padded(bytes - bytes_of(&padded(0)))
}

#[test]
fn events_are_handed_over_whole_up_to_512_kib_and_beyond_it_by_their_place() {
    assert_eq!(EVENT_BYTES, 524_288);
    for (bytes, is_whole) in [(EVENT_BYTES, true), (EVENT_BYTES + 1, false)] {
        // The current event.
        let mut instance = Instance::<Numbers>::new("a", 1, Ledger::default());
        instance.deliver(of_bytes(1, bytes));
        assert!(matches!(instance.advance(now()), Next::Dispatch(_)));
        let refusal = Refusal { code: "no".to_owned(), detail: "no".to_owned() };
        instance.answered(Err(Error::Refused(refusal)), now());
        let mut next = carried(&instance).0;
        next.retry(None);
        assert_eq!(matches!(next.advance(now()), Next::Dispatch(_)), is_whole, "{bytes} bytes");
        // The waiting events.
        let mut inbox = Inbox::default();
        inbox.push(of_bytes(1, 1_000));
        inbox.push(of_bytes(2, bytes - 1_000));
        let whole = inbox.spilled(EVENT_BYTES).0.iter().filter(|it| matches!(it, Waiting::Whole(_))).count();
        assert_eq!(whole, if is_whole { 2 } else { 1 }, "{bytes} bytes");
    }
}

#[test]
fn an_event_that_cannot_be_read_any_more_parks_the_instance() {
    let mut instance = parked(40, RouteKind::Continue);
    instance.retry(None);
    let parked_at = loop {
        match instance.advance(now()) {
            Next::Fetch(fetch) => {
                instance.fetched(Err("the log is gone".to_owned()), now());
                break fetch.positions[0];
            }
            Next::Dispatch(_) => instance.answered(Ok(()), now()),
            next => panic!("{next:?}"),
        }
    };
    let failure = instance.view().failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.position), ("unreadable", parked_at));
    assert_eq!((failure.failure_id.as_str(), failure.detail.as_str()), ("a/2", "the log is gone"));
    // It is requested again, now with another event at its place.
    let mut again = carried(&instance).0;
    again.retry(Some("a/2"));
    assert!(matches!(again.advance(now()), Next::Fetch(_)));
    again.fetched(Ok(vec![padded(1)]), now());
    assert_eq!(again.view().failure.unwrap().code, "unreadable");
    // Once it is there again, nothing is missing.
    again.retry(None);
    assert_eq!(go_on(&mut again, 500).0, Next::Wait(None));
    assert_eq!(applied(&again.view()), (1..=40).collect::<Vec<_>>());
}

#[test]
fn an_instance_that_is_given_up_passes_over_what_cannot_be_read() {
    let mut instance = parked(40, RouteKind::Start);
    instance.retry(None);
    while let Next::Dispatch(_) = instance.advance(now()) {
        instance.answered(Ok(()), now());
    }
    instance.fetched(Err("the log is gone".to_owned()), now());
    assert_eq!(instance.acknowledge(None), Signalled::Counted);
    // All but the last are dropped; the last one begins it afresh.
    let Next::Fetch(fetch) = instance.advance(now()) else { panic!("{:?}", instance.view()) };
    assert_eq!(fetch.positions, [40]);
    instance.fetched(Err("the log is gone".to_owned()), now());
    instance.acknowledge(None);
    assert_eq!(instance.advance(now()), Next::End(Ended::Acknowledged));
    assert!(instance.ledger().has_handled("log", 40));
}

#[test]
fn a_hundred_thousand_places_fit_into_a_payload() {
    let mut inbox = Inbox::default();
    (1..=100_000).for_each(|number| inbox.spill("log", RouteKind::Continue, number * 5_000));
    let json = serde_json::to_string(&inbox).unwrap();
    assert!(json.len() < 600 * 1024, "{} bytes", json.len());
    assert_eq!(serde_json::from_str::<Inbox>(&json).unwrap(), inbox);
    assert_eq!(inbox.len(), 100_000);
}
