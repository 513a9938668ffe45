//! Deliveries to a target whose behaviour the test sets.

mod bounds;

use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use process_manager::{instance::Delivery, manager::Route};
use process_manager_engine::activities::Redeliver;
use process_manager_wire::CloudEvent;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{super::unrouted::bytes_of, *};
use crate::{DeliveryError, subscription::HandlerError};

const SOON: Duration = Duration::from_secs(120);

#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Happened { ids: Vec<String> },
}

/// Routes to the event's ids. An undeliverable event is skipped, or stops the subscription if its subject says so.
struct Routes;
static ROUTED: AtomicUsize = AtomicUsize::new(0);

impl Routing for Routes {
    const NAME: &'static str = "Routes";
    type Event = Event;
    type Error = Infallible;

    fn route(Event::Happened { ids }: &Event, metadata: &Metadata) -> Result<Route, Infallible> {
        if metadata.subject == "slow" {
            std::thread::sleep(Duration::from_millis(8));
            ROUTED.fetch_add(1, Ordering::SeqCst);
        }
        if metadata.subject == "many" {
            return Ok(Route::start_each((0..20_000).map(|number| format!("i{number}"))));
        }
        Ok(Route::start_each(ids))
    }

    fn on_routing_error(_: &RoutingError<Infallible>, metadata: &Metadata, _: u32) -> OnRoutingError {
        match (metadata.subject.as_str(), metadata.log.as_str()) {
            ("stop", _) | (_, "stop") => OnRoutingError::Stop,
            ("retry", _) => OnRoutingError::Retry,
            _ => OnRoutingError::Skip,
        }
    }
}

/// Takes everything, except for the instances and events that the test names.
#[derive(Default)]
struct Target {
    taken: Mutex<Vec<(String, Position)>>,
    faulty: Mutex<BTreeSet<&'static str>>,
    refused: Vec<Position>,
    /// More events at once than this are refused.
    most: Option<usize>,
    /// Instances whose ids have this prefix do not settle.
    unsettled: Option<&'static str>,
    attempts: Mutex<HashMap<String, usize>>,
    in_hand: AtomicUsize,
    most_in_hand: AtomicUsize,
    settles: AtomicBool,
}

impl Target {
    fn taken(&self, id: &str) -> Vec<Position> {
        self.taken.lock().unwrap().iter().filter(|(of, _)| of == id).map(|(_, position)| *position).collect()
    }

    fn attempts(&self, id: &str) -> usize {
        self.attempts.lock().unwrap().get(id).copied().unwrap_or_default()
    }
}

impl DeliveryTarget for Target {
    async fn deliver(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        *self.attempts.lock().unwrap().entry(id.to_owned()).or_default() += 1;
        self.most_in_hand.fetch_max(self.in_hand.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        yield_now().await;
        self.in_hand.fetch_sub(1, Ordering::SeqCst);
        if self.faulty.lock().unwrap().contains(id) {
            return Err(HandlerError::new("it cannot be delivered to", "the test wants it").into());
        }
        if self.most.is_some_and(|most| events.len() > most)
            || events.iter().any(|it| self.refused.contains(&it.event.sequence))
        {
            return Err(DeliveryError::Undeliverable("too large".to_owned()));
        }
        self.taken.lock().unwrap().extend(events.iter().map(|it| (id.to_owned(), it.event.sequence)));
        Ok(())
    }

    async fn settled(&self, id: &str, _: &CloudEvent) {
        while self.unsettled.is_some_and(|begin| id.starts_with(begin)) && !self.settles.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn entry(position: Position, subject: &str, ids: &[&str]) -> FeedEvent {
    let event = json!({
        "specversion": "1.0", "id": "e", "source": "/s", "type": "Happened", "subject": subject,
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": position.to_string(),
        "correlationid": "c", "causationid": "c", "logid": "log", "data": {"ids": ids}
    });
    FeedEvent::Event(serde_json::from_value(event).unwrap())
}

fn impatient() -> Terms {
    Terms { give_up_after: Duration::ZERO, ..Terms::default() }
}

fn deliveries(target: &Target, terms: Terms, entries: Vec<FeedEvent>) -> Deliveries<'_, Routes, Target> {
    let mut deliveries = Deliveries::new(target, terms);
    deliveries.take(entries);
    deliveries
}

/// Delivers until the position has passed this one.
async fn pass(deliveries: &mut Deliveries<'_, Routes, Target>, position: Position) {
    let passed = async {
        let mut at = 0;
        while at < position {
            at = deliveries.advance().await.unwrap().at.position;
        }
        assert_eq!(at, position);
    };
    timeout(SOON, passed).await.unwrap();
}

/// Delivers while the condition does not hold; the position must not move.
async fn stay(deliveries: &mut Deliveries<'_, Routes, Target>, holds: impl Fn() -> bool) {
    let holds = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        passed = deliveries.advance() => panic!("the position has moved: {passed:?}"),
        held = timeout(SOON, holds) => held.unwrap(),
    }
}

#[tokio::test]
async fn one_instance_that_cannot_be_delivered_to_holds_up_the_position_and_nobody_else() {
    let target = Target { faulty: Mutex::new(["a"].into()), ..Target::default() };
    let entries = (1..=10).map(|position| entry(position, "s", &[if position % 2 == 1 { "a" } else { "b" }]));
    let mut deliveries = deliveries(&target, Terms::default(), entries.collect());
    stay(&mut deliveries, || target.taken("b").len() == 5).await;
    // Later events go past it as well, and its own events wait in order.
    deliveries.take(vec![entry(11, "s", &["c"]), entry(12, "s", &["a"])]);
    stay(&mut deliveries, || target.taken("c") == [11] && target.attempts("a") > 2).await;
    let shown = deliveries.shared.terms.retrying.borrow().clone();
    assert_eq!((shown.len(), shown[0].id.as_str(), shown[0].position), (1, "a", 1));
    assert!(shown[0].why.contains("the test wants it") && shown[0].attempts > 1, "{shown:?}");
    target.faulty.lock().unwrap().clear();
    pass(&mut deliveries, 12).await;
    assert_eq!(target.taken("a"), [1, 3, 5, 7, 9, 12]);
    assert!(deliveries.is_empty() && deliveries.shared.terms.retrying.borrow().is_empty());
}

#[tokio::test]
async fn an_instance_is_given_up_after_a_while_in_which_others_could_be_delivered_to() {
    let target = Target { faulty: Mutex::new(["a"].into()), ..Target::default() };
    let entries = vec![entry(1, "s", &["a"]), entry(2, "s", &["b"]), entry(3, "stop", &["a"]), entry(4, "s", &["b"])];
    let mut deliveries = deliveries(&target, impatient(), entries);
    // The first of its events is skipped, as the process manager decides, and the next one stops the subscription.
    pass(&mut deliveries, 2).await;
    assert!(target.attempts("a") >= 3);
    let stopped = timeout(SOON, deliveries.advance()).await.unwrap().unwrap_err();
    assert!(matches!(&stopped, Interrupted::Stop(why) if why.contains("position 3") && why.contains("instance a")));
    assert!(target.taken("a").is_empty() && target.taken("b") == [2, 4]);
}

#[tokio::test]
async fn nothing_is_given_up_while_nobody_can_be_delivered_to() {
    let target = Target { faulty: Mutex::new(["a", "b"].into()), ..Target::default() };
    let entries = vec![entry(1, "stop", &["a"]), entry(2, "s", &["b"])];
    let mut deliveries = deliveries(&target, impatient(), entries);
    stay(&mut deliveries, || target.attempts("a") > 4 && target.attempts("b") > 4).await;
    target.faulty.lock().unwrap().clear();
    pass(&mut deliveries, 2).await;
    assert_eq!((target.taken("a"), target.taken("b")), (vec![1], vec![2]));
}

#[tokio::test]
async fn a_batch_that_is_refused_is_divided_before_an_event_is_blamed() {
    let target = Target { refused: vec![7], most: Some(3), ..Target::default() };
    let entries = (1..=20).map(|position| entry(position, "s", &["a"])).collect();
    let mut deliveries = deliveries(&target, Terms::default(), entries);
    pass(&mut deliveries, 20).await;
    let others: Vec<_> = (1..=20).filter(|position| *position != 7).collect();
    assert_eq!(target.taken("a"), others);
}

#[test]
fn a_batch_counts_what_is_sent() {
    let large = |position| match entry(position, &"s".repeat(100 * 1024), &["a"]) {
        FeedEvent::Event(event) => Queued {
            bytes: bytes_of(&FeedEvent::Event(event.clone())),
            event: Arc::from(event),
            kind: RouteKind::Start,
        },
        FeedEvent::Malformed { .. } => unreachable!(),
    };
    let events: Vec<_> = (1..=5).map(large).collect();
    assert_eq!(batch(events.iter()), 2, "two envelopes of 100 KiB fit into 256 KiB");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_decided_about_and_one_of_an_unknown_type_passes() {
    let malformed = |position, log: &str, kind: Option<&str>| FeedEvent::Malformed {
        position,
        logid: Some(log.to_owned()),
        kind: kind.map(str::to_owned),
        reason: "no event".to_owned(),
    };
    let mut stopping = entry(4, "stop", &["a"]);
    if let FeedEvent::Event(event) = &mut stopping {
        event.data = json!({"ids": 7});
    }
    let target = Target::default();
    let skipped = [(2, Some("Happened")), (3, None)].map(|(position, kind)| malformed(position, "log", kind));
    let skipped = || [malformed(1, "stop", Some("Else"))].into_iter().chain(skipped.clone());
    for stopping in [stopping, malformed(4, "stop", Some("Happened")), malformed(4, "stop", None)] {
        let mut deliveries = deliveries(&target, Terms::default(), skipped().chain([stopping]).collect());
        pass(&mut deliveries, 3).await;
        let stopped = format!("{:?}", deliveries.advance().await.unwrap_err());
        assert!(["Stop(", "position 4", "cannot be read"].iter().all(|part| stopped.contains(part)), "{stopped}");
    }
}

#[tokio::test]
async fn events_pass_while_others_are_still_being_routed() {
    let target = Target::default();
    let entries = (1..=60).map(|position| entry(position, "slow", &["a"])).collect();
    let mut deliveries = deliveries(&target, Terms::default(), entries);
    deliveries.advance().await.unwrap();
    let routed = ROUTED.load(Ordering::SeqCst);
    assert!(routed < 60, "all of them were routed before anything else could be done");
    pass(&mut deliveries, 60).await;
}

#[tokio::test]
async fn an_instance_that_has_not_settled_holds_up_the_position_and_nobody_else() {
    let target = Target { unsettled: Some("a"), ..Target::default() };
    // More instances than are delivered to at the same time.
    let unsettled: Vec<_> = (0..50).map(|number| format!("a{number}")).collect();
    let of_unsettled = unsettled.iter().zip(1..).map(|(id, position)| entry(position, "s", &[id]));
    let others = [entry(51, "s", &["b"]), entry(52, "s", &["a0"]), entry(53, "s", &["c"])];
    let mut deliveries = deliveries(&target, Terms::default(), of_unsettled.chain(others).collect());
    stay(&mut deliveries, || target.taken("b") == [51] && target.taken("c") == [53]).await;
    target.settles.store(true, Ordering::SeqCst);
    pass(&mut deliveries, 53).await;
    assert_eq!(target.taken("a0"), [1, 52]);
}

#[tokio::test]
async fn a_redelivery_goes_to_the_instance_and_leaves_out_what_cannot_be_delivered() {
    let target = Target { refused: vec![3], ..Target::default() };
    let redeliver = Redeliver { positions: vec![1, 2, 3], instance: Some("a".to_owned()) };
    let entries = vec![entry(1, "s", &["a", "b"]), entry(2, "s", &["b"]), entry(3, "stop", &["a"])];
    let mut deliveries = deliveries(&target, Terms { redeliver: Some(redeliver), ..impatient() }, entries);
    pass(&mut deliveries, 3).await;
    assert_eq!((target.taken("a"), target.taken("b")), (vec![1], vec![]));
    let left_out: Vec<_> = deliveries.left_out().into_iter().map(|it| (it.position, it.why)).collect();
    assert_eq!(left_out[0], (2, "it is not routed to the instance".to_owned()));
    assert!(left_out.len() == 2 && left_out[1].0 == 3 && left_out[1].1.contains("too large"), "{left_out:?}");
}

#[tokio::test]
async fn a_redelivered_event_says_so() {
    struct Says(Mutex<Vec<Value>>);
    impl DeliveryTarget for Says {
        async fn deliver(&self, _: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
            self.0.lock().unwrap().extend(events.iter().map(|it| json!(it.redelivered)));
            Ok(())
        }
    }
    let target = Says(Mutex::default());
    for redeliver in [None, Some(Redeliver { positions: vec![1], instance: None })] {
        let mut deliveries = Deliveries::<Routes, _>::new(&target, Terms { redeliver, ..Terms::default() });
        deliveries.take(vec![entry(1, "s", &["a"])]);
        timeout(SOON, deliveries.advance()).await.unwrap().unwrap();
    }
    assert_eq!(*target.0.lock().unwrap(), [json!(false), json!(true)]);
}
