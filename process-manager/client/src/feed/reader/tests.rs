//! Tests of the reader against a log over real HTTP.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, body::Body, extract::Query, http::StatusCode, response::IntoResponse, routing::get};
use serde_json::{Value, json};

use process_manager_wire::Position;
use serde::Deserialize;

use super::*;
use crate::feed::{FeedClient, MOST_BYTES};

/// A log that a test can change; with `None` it answers 503.
type Log = Arc<Mutex<Option<(String, Vec<Position>)>>>;

/// More events than this do not arrive in time.
const TOO_MANY: usize = 100;

#[derive(Deserialize)]
struct Asked {
    after: Position,
    limit: usize,
}

fn event(logid: &str, position: Position) -> Value {
    json!({
        "specversion": "1.0", "id": "e", "source": "/billing", "type": "T", "subject": "d",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": position.to_string(),
        "correlationid": "c", "causationid": "c", "logid": logid, "data": {}
    })
}

async fn start(log: Log) -> FeedClient {
    let app = Router::new().route(
        "/events",
        get(move |Query(asked): Query<Asked>| async move {
            let Some((logid, positions)) = log.lock().unwrap().clone() else {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            };
            if asked.limit > TOO_MANY {
                return StatusCode::GATEWAY_TIMEOUT.into_response();
            }
            let positions = positions.into_iter().filter(|position| *position > asked.after).take(asked.limit);
            Json(positions.map(|position| event(&logid, position)).collect::<Vec<_>>()).into_response()
        }),
    );
    serve(app).await
}

async fn serve(app: Router) -> FeedClient {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    FeedClient::new(url).unwrap()
}

fn log(logid: &str, length: Position) -> Option<(String, Vec<Position>)> {
    Some((logid.to_owned(), (1..=length).collect()))
}

/// Reads what there is and advances past it.
async fn read(reader: &mut FeedReader, limit: u16) -> Result<Vec<Position>, FeedError> {
    let events = reader.next(limit, Duration::ZERO).await?;
    for event in &events {
        reader.advance_to(event.passed(reader.at()));
    }
    Ok(events.iter().map(FeedEvent::position).collect())
}

#[tokio::test]
async fn a_reader_sees_every_event_once_and_in_order() {
    let shared: Log = Arc::new(Mutex::new(log("a", 5)));
    let mut reader = FeedReader::new(start(shared.clone()).await, FeedPosition::default());
    assert_eq!(read(&mut reader, 3).await.unwrap(), [1, 2, 3]);
    assert_eq!(read(&mut reader, 3).await.unwrap(), [4, 5]);
    assert!(read(&mut reader, 3).await.unwrap().is_empty());
    *shared.lock().unwrap() = log("a", 6);
    assert_eq!(read(&mut reader, 3).await.unwrap(), [6]);
    assert_eq!(reader.at(), &FeedPosition { position: 6, logid: Some("a".to_owned()) });
}

#[tokio::test]
async fn another_log_stops_the_reader_also_when_it_is_longer() {
    let shared: Log = Arc::new(Mutex::new(log("a", 2)));
    let mut reader = FeedReader::new(start(shared.clone()).await, FeedPosition::default());
    assert_eq!(read(&mut reader, 10).await.unwrap(), [1, 2]);
    *shared.lock().unwrap() = log("b", 9);
    let error = read(&mut reader, 10).await.unwrap_err();
    assert!(matches!(error, FeedError::OtherLog { .. }) && error.is_final(), "{error}");
    assert_eq!(reader.at().position, 2);
}

#[tokio::test]
async fn a_shorter_log_stops_the_reader() {
    let shared: Log = Arc::new(Mutex::new(log("a", 5)));
    let client = start(shared.clone()).await;
    let at = FeedPosition { position: 5, logid: Some("a".to_owned()) };
    let mut reader = FeedReader::new(client, at);
    assert!(read(&mut reader, 10).await.unwrap().is_empty());
    *shared.lock().unwrap() = log("a", 4);
    let error = read(&mut reader, 10).await.unwrap_err();
    assert!(matches!(error, FeedError::Shorter { position: 5 }) && error.is_final(), "{error}");
}

#[tokio::test]
async fn a_service_that_is_away_is_no_reason_to_stop() {
    let shared: Log = Arc::new(Mutex::new(None));
    let mut reader = FeedReader::new(start(shared.clone()).await, FeedPosition::default());
    let error = read(&mut reader, 10).await.unwrap_err();
    assert!(matches!(error, FeedError::Status { .. }) && !error.is_final(), "{error}");
    *shared.lock().unwrap() = log("a", 1);
    assert_eq!(read(&mut reader, 10).await.unwrap(), [1]);
    let away = FeedClient::new("http://127.0.0.1:9".parse().unwrap()).unwrap();
    let error = FeedReader::new(away, FeedPosition::default()).next(1, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, FeedError::Unreachable { .. }) && !error.is_final(), "{error}");
}

#[tokio::test]
async fn after_a_read_that_failed_the_reader_asks_for_less() {
    let shared: Log = Arc::new(Mutex::new(log("a", 300)));
    let mut reader = FeedReader::new(start(shared).await, FeedPosition::default());
    let (mut seen, mut failed) = (Vec::new(), 0);
    while seen.len() < 300 {
        match read(&mut reader, 1_000).await {
            Ok(positions) => seen.extend(positions),
            Err(error) if !error.is_final() => failed += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(failed < 20, "it asks for the same again: {seen:?}");
    }
    assert_eq!(seen, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn events_of_more_than_64_mib_are_not_read_and_fewer_are_asked_for() {
    assert_eq!(MOST_BYTES, 67_108_864);
    let announced = |Query(asked): Query<Asked>| async move {
        if asked.limit > 250 {
            let length = [("content-length", (MOST_BYTES + 1).to_string())];
            return (length, Body::from_stream(futures::stream::pending::<Result<String, std::io::Error>>()))
                .into_response();
        }
        Json(vec![event("a", asked.after + 1)]).into_response()
    };
    let mut reader =
        FeedReader::new(serve(Router::new().route("/events", get(announced))).await, FeedPosition::default());
    for _ in 0..2 {
        let error = read(&mut reader, 1_000).await.unwrap_err();
        assert!(matches!(error, FeedError::TooLarge { .. }) && !error.is_final(), "{error}");
        assert!(error.to_string().ends_with("more than 67108864 bytes of events, which are not read"), "{error}");
    }
    assert_eq!(read(&mut reader, 1_000).await.unwrap(), [1]);
}

#[tokio::test]
async fn a_log_whose_begin_was_deleted_is_not_taken_for_a_shorter_one() {
    let shared: Log = Arc::new(Mutex::new(Some(("a".to_owned(), vec![11, 12]))));
    let client = start(shared.clone()).await;
    let at = |position| FeedPosition { position, logid: Some("a".to_owned()) };
    // Everything that was deleted has been read.
    assert_eq!(read(&mut FeedReader::new(client.clone(), at(10)), 10).await.unwrap(), [11, 12]);
    // Nobody knows what was deleted in between.
    let error = read(&mut FeedReader::new(client.clone(), at(5)), 10).await.unwrap_err();
    assert!(matches!(error, FeedError::Pruned { position: 5, next: 11 }) && error.is_final(), "{error}");
    // Another log is reported first of all.
    let other = FeedPosition { position: 5, logid: Some("b".to_owned()) };
    let error = read(&mut FeedReader::new(client, other), 10).await.unwrap_err();
    assert!(matches!(error, FeedError::OtherLog { .. }), "{error}");
}
