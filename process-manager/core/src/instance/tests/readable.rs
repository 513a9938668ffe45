//! A state that JSON cannot hold, or that this code cannot read, parks an instance and never ends it.

use std::{collections::BTreeMap, convert::Infallible};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    super::*,
    script::{Changed, Command, Event, Script, Step, begun, carried, code, delivery, now, refuse, run, text},
};
use crate::{
    failure_code,
    manager::{Context, Metadata, Route, RouteKind},
    testing::given,
};

/// A state that outgrows JSON with its second event.
trait Grows: std::fmt::Debug + Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    fn grow(&mut self);
}

impl Grows for u128 {
    fn grow(&mut self) {
        *self = (*self + 1) * u128::from(u64::MAX);
    }
}

impl Grows for BTreeMap<(u8, u8), u8> {
    fn grow(&mut self) {
        let count = u8::try_from(self.len()).unwrap();
        self.insert((count, count), count);
    }
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(bound = "T: Grows")]
struct Odd<T: Grows>(T);

impl<T: Grows> ProcessManager for Odd<T> {
    const NAME: &'static str = "Odd";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(_: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start("a"))
    }

    fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        self.0.grow();
        Ok(())
    }
}

fn is_parked_with_its_state<T: Grows>() {
    let mut instance = Instance::<Odd<T>>::new("a", 1, Ledger::default());
    for position in 1..=3 {
        instance.deliver(delivery(position, RouteKind::Start, &Step::default()));
    }
    run(&mut instance);
    assert_eq!(code(&instance), failure_code::UNSERIALIZABLE, "{:?}", instance.view());
    let next = carried::<_, Odd<T>>(&instance).0;
    assert_eq!(next.view().failure, instance.view().failure);
    assert_eq!(next.view().state, serde_json::to_value(&instance.state).unwrap());
    assert!(
        next.view().queued_events > 0
            && next.view().ledger.has_handled("log", next.view().failure.unwrap().position - 1)
    );
}

#[test]
fn a_state_that_json_cannot_hold_is_not_taken_and_the_instance_is_parked() {
    is_parked_with_its_state::<u128>();
    is_parked_with_its_state::<BTreeMap<(u8, u8), u8>>();
}

#[test]
#[should_panic(expected = "the state cannot be written as JSON")]
fn the_test_kit_fails_where_json_cannot_hold_the_state() {
    let event = || Event::Happened(Step::default());
    drop(given::<Odd<u128>>([event(), event()]).when(event()));
}

/// The state of a deployment that ignored the existing instances.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Other {
    #[expect(dead_code, reason = "the state of `Script` has none")]
    #[serde(skip_serializing)]
    number: u64,
}

impl ProcessManager for Other {
    const NAME: &'static str = "Script";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(_: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start("a"))
    }
}

#[test]
fn a_state_that_this_code_cannot_read_stays_as_it_is_and_parks_the_instance() {
    let mut instance = begun(&Step { text: "kept".to_owned(), times: 1, commands: vec![1], ..Step::default() });
    run(&mut instance);
    instance.deliver(delivery(2, RouteKind::Start, &Step { commands: vec![1], ..Step::default() }));
    instance.advance(now());
    let mut other = carried::<_, Other>(&instance).0;
    assert!(other.unreadable().unwrap().contains("missing field `number`"), "{:?}", other.unreadable());
    assert_eq!(other.advance(now()), Next::Wait(None));
    let failure = other.parked().unwrap().clone();
    assert_eq!((failure.code.as_str(), failure.event.as_str(), failure.position), ("state-unreadable", "Happened", 2));
    assert_eq!(text(&other), json!("kept"));
    // New events wait meanwhile, and a retry finds the state as it is.
    assert!(other.deliver(delivery(3, RouteKind::Start, &Step::default())));
    let mut other = carried::<_, Other>(&other).0;
    assert_eq!(other.parked(), Some(&failure));
    assert_eq!(other.retry(None), Signalled::Counted);
    other.advance(now());
    assert_eq!(code(&other), failure_code::STATE_UNREADABLE);
    let mut repaired = carried::<_, Script>(&other).0;
    repaired.retry(None);
    assert!(
        matches!(repaired.advance(now()), Next::Dispatch(dispatch) if dispatch.idempotency_key == "Script/a/log/e2/0")
    );
    repaired.answered(Ok(()), now());
    assert_eq!(repaired.advance(now()), Next::Wait(None));
    assert!(repaired.ledger().has_handled("log", 3));
}

#[test]
fn an_instance_whose_state_cannot_be_read_can_be_given_up() {
    let mut instance = begun(&Step { commands: vec![1], ..Step::default() });
    instance.advance(now());
    let mut other = carried::<_, Other>(&instance).0;
    other.advance(now());
    assert_eq!(other.acknowledge(None), Signalled::Counted);
    assert_eq!(other.advance(now()), Next::End(Ended::Acknowledged));
    assert!(other.ledger().has_handled("log", 1) && other.unreadable().is_none());
}

#[test]
fn a_pending_command_that_is_no_longer_one_parks_the_instance() {
    let mut instance = begun(&Step { commands: vec![1], ..Step::default() });
    instance.advance(now());
    refuse(&mut instance, "no".to_owned(), now());
    let mut snapshot = serde_json::to_value(instance.snapshot().unwrap()).unwrap();
    snapshot["work"]["pending"][0][1]["command"]["type"] = json!("Gone");
    let resumed =
        |snapshot: &Value| Instance::<Changed>::resume("a", 1, serde_json::from_value(snapshot.clone()).unwrap());
    let mut next = resumed(&snapshot).unwrap();
    // Its own failure comes first.
    assert_eq!(code(&next), "no");
    assert_eq!((next.retry(None), next.advance(now())), (Signalled::Counted, Next::Wait(None)));
    assert_eq!(code(&next), failure_code::STATE_UNREADABLE);
    assert!(next.parked().unwrap().detail.contains("unknown variant `Gone`"), "{:?}", next.parked());
}
