//! Tests of the reader against a log over real HTTP.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::Query, http::StatusCode, response::IntoResponse, routing::get};
use serde_json::{Value, json};

use process_manager_wire::Position;
use serde::Deserialize;

use super::*;
use crate::feed::FeedClient;

/// A log that a test can change; `None` answers 503.
type Log = Arc<Mutex<Option<(String, Vec<Position>)>>>;

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
            let positions = positions.into_iter().filter(|position| *position > asked.after).take(asked.limit);
            Json(positions.map(|position| event(&logid, position)).collect::<Vec<_>>()).into_response()
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    FeedClient::new(url).unwrap()
}

fn log(logid: &str, length: Position) -> Option<(String, Vec<Position>)> {
    Some((logid.to_owned(), (1..=length).collect()))
}

/// Reads what there is and moves behind it.
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
