//! A turn against a log that a real server serves.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{Json, Router, extract::Query, routing::get};
use futures::future::BoxFuture;
use process_manager_wire::Position;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use super::{super::HandlerError, *};
use process_manager_client::feed::FeedClient;

const SOON: Duration = Duration::from_secs(120);

fn event(position: usize, logid: &str) -> Value {
    json!({
        "specversion": "1.0", "id": "e", "source": "/billing", "type": "T", "subject": "d",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": position.to_string(),
        "correlationid": "c", "causationid": "c", "logid": logid, "data": {}
    })
}

async fn reader(log: Vec<Value>, at: FeedPosition) -> FeedReader {
    let events = async move |Query(query): Query<HashMap<String, usize>>| {
        let found = log.iter().skip(query["after"]).take(query["limit"]).cloned().collect::<Vec<_>>();
        if found.is_empty() {
            sleep(Duration::from_secs(query["wait"] as u64)).await;
        }
        Json(found)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/events", get(events))).await });
    FeedReader::new(FeedClient::new(url).unwrap(), at)
}

#[derive(Default)]
struct Recorder {
    handled: Mutex<Vec<Position>>,
    sweeps: AtomicUsize,
    failing: AtomicBool,
    stops: Option<fn() -> Interrupted>,
}

/// Passes entry after entry.
struct Recording<'a> {
    recorder: &'a Recorder,
    waiting: VecDeque<FeedEvent>,
    at: FeedPosition,
}

impl Delivering for Recording<'_> {
    fn take(&mut self, entries: Vec<FeedEvent>) {
        self.waiting.extend(entries);
    }

    fn has_room(&self) -> bool {
        true
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn advance(&mut self) -> BoxFuture<'_, Result<Passed, Interrupted>> {
        Box::pin(async move {
            let Some(entry) = self.waiting.front().cloned() else { return std::future::pending().await };
            // This handler retries faults by itself.
            while entry.position() == 2 && self.recorder.failing.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(1)).await;
            }
            if let (2, Some(stops)) = (entry.position(), &self.recorder.stops) {
                return Err(stops());
            }
            self.waiting.pop_front();
            self.recorder.handled.lock().unwrap().push(entry.position());
            self.at = entry.passed(&self.at);
            let time = match &entry {
                FeedEvent::Event(event) => Some(event.time),
                FeedEvent::Malformed { .. } => None,
            };
            Ok(Passed { entries: 1, at: self.at.clone(), time })
        })
    }
}

impl EventHandler for Recorder {
    fn begin(&self, _: Terms) -> Box<dyn Delivering + Send + '_> {
        Box::new(Recording { recorder: self, waiting: VecDeque::new(), at: FeedPosition::default() })
    }

    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>> {
        Box::pin(async {
            // The third sweep lets the failing event through; that a sweep fails must not matter.
            if self.sweeps.fetch_add(1, Ordering::SeqCst) == 2 {
                self.failing.store(false, Ordering::SeqCst);
            }
            Err(HandlerError::new("the sweep", "fails"))
        })
    }
}

impl Recorder {
    async fn turn(&self, mut reader: FeedReader, events: usize) -> (Result<Turn, Stopped>, Progress) {
        let pace = Pace { sweep_every: Duration::from_millis(50), turn_events: events, ..Pace::default() };
        let (progress, seen) = watch::channel(Progress { at: reader.at().clone(), ..Progress::default() });
        let turn = turn("test", &mut reader, self, Terms::default(), pace, &progress, std::future::pending());
        let outcome = timeout(SOON, turn).await.unwrap();
        let progress = seen.borrow().clone();
        (outcome, progress)
    }
}

fn at(position: Position, logid: &str) -> FeedPosition {
    FeedPosition { position, logid: Some(logid.to_owned()) }
}

#[tokio::test]
async fn entries_are_delivered_once_and_in_order_malformed_ones_too() {
    let mut log = (1..=5).map(|position| event(position, "log")).collect::<Vec<_>>();
    log[2] = json!({"sequence": "3", "type": 7});
    let recorder = Recorder::default();
    let (outcome, progress) = recorder.turn(reader(log, FeedPosition::default()).await, 5).await;
    outcome.unwrap();
    assert_eq!(*recorder.handled.lock().unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(progress.at, at(5, "log"));
    assert!(progress.behind_seconds > 0);
}

#[tokio::test]
async fn an_event_that_fails_holds_back_the_later_ones_but_not_the_sweeps() {
    let log = (1..=3).map(|position| event(position, "log")).collect();
    let recorder = Arc::new(Recorder { failing: true.into(), ..Recorder::default() });
    recorder.turn(reader(log, FeedPosition::default()).await, 3).await.0.unwrap();
    assert_eq!(*recorder.handled.lock().unwrap(), [1, 2, 3]);
    assert!(recorder.sweeps.load(Ordering::SeqCst) >= 3);
}

#[tokio::test]
async fn another_log_ends_the_turn_before_an_event_of_it_is_delivered() {
    let log = (1..=3).map(|position| event(position, "other")).collect();
    let recorder = Recorder::default();
    let (outcome, progress) = recorder.turn(reader(log, at(2, "log")).await, 5).await;
    assert!(matches!(outcome, Err(Stopped::Log(FeedError::OtherLog { .. }))));
    assert!(recorder.handled.lock().unwrap().is_empty());
    assert_eq!(progress.at, at(2, "log"));
}

#[tokio::test]
async fn a_stop_ends_a_turn_that_waits_for_events() {
    let mut reader = reader(vec![event(1, "log")], at(1, "log")).await;
    let (progress, _seen) = watch::channel(Progress::default());
    let recorder = Recorder::default();
    let pace = Pace { sweep_every: Duration::from_millis(10), ..Pace::default() };
    let has_begun = async {
        while recorder.sweeps.load(Ordering::SeqCst) < 3 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let turn = turn("test", &mut reader, &recorder, Terms::default(), pace, &progress, has_begun);
    assert_eq!(timeout(SOON, turn).await.unwrap().unwrap(), Turn::Over);
}

#[tokio::test]
async fn an_event_that_is_to_be_tried_later_ends_the_turn_before_it() {
    let log = || (1..=3).map(|position| event(position, "log")).collect();
    let later: fn() -> Interrupted = || Interrupted::RetryAfter(Duration::from_secs(60), 1);
    let recorder = Recorder { stops: Some(later), ..Recorder::default() };
    let (outcome, progress) = recorder.turn(reader(log(), FeedPosition::default()).await, 3).await;
    assert_eq!(outcome.unwrap(), Turn::RetryLater { after: Duration::from_secs(60), attempt: 1 });
    assert_eq!(progress.at, at(1, "log"));
    let stop: fn() -> Interrupted = || Interrupted::Stop("no idea".to_owned());
    let recorder = Recorder { stops: Some(stop), ..Recorder::default() };
    let (outcome, progress) = recorder.turn(reader(log(), FeedPosition::default()).await, 3).await;
    assert!(matches!(outcome, Err(Stopped::Handler(why)) if why == "no idea"));
    assert_eq!(progress.at, at(1, "log"));
}

#[test]
fn progress_is_one_flat_object() {
    let progress = Progress { at: at(7, "log"), behind_seconds: 1, retrying: Vec::new() };
    let json = json!({"position": 7, "logid": "log", "behind_seconds": 1});
    assert_eq!(serde_json::to_value(&progress).unwrap(), json);
    assert_eq!(serde_json::from_value::<Progress>(json).unwrap(), progress);
}
