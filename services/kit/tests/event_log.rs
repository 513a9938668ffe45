//! The event log under transactions that commit late, or not at all.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::time::Duration;

use axum::{body::Body, http::Request};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use serde_json::{Value, json};
use service_kit::{Database, EventLog, EventLogMigration, NewEvent, Transaction, append, events_routes};
use service_testing::on_each_database;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(EventLogMigration)]
    }
}

fn event(subject: &str) -> NewEvent {
    NewEvent {
        kind: "Happened".to_owned(),
        subject: subject.to_owned(),
        correlation_id: None,
        causation_id: "cause".to_owned(),
        data: json!({}),
    }
}

async fn begin_and_append(database: &Database, subjects: &[&str]) -> Transaction {
    let mut transaction = database.begin().await.unwrap();
    append(&mut transaction, subjects.iter().map(|subject| event(subject)).collect()).await.unwrap();
    transaction
}

/// Returns position and subject of all readable events.
async fn readable(database: &Database) -> Vec<(String, String)> {
    let log = EventLog { database: database.clone(), source: "/test", shutdown: CancellationToken::new() };
    let app: axum::Router = events_routes(log).into();
    let response = app.oneshot(Request::get("/events").body(Body::empty()).unwrap()).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let events: Vec<Value> = serde_json::from_slice(&body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    events.iter().map(|event| (text(&event["sequence"]), text(&event["subject"]))).collect()
}

fn expected(events: &[(&str, &str)]) -> Vec<(String, String)> {
    events.iter().map(|(position, subject)| ((*position).to_owned(), (*subject).to_owned())).collect()
}

#[tokio::test]
async fn a_delayed_commit_makes_no_lower_position_appear_later() {
    on_each_database(async |url| {
        // Two instances of a service: only the database orders them.
        let slow_instance = Database::open::<Migrator>(&url).await.unwrap();
        let fast_instance = Database::open::<Migrator>(&url).await.unwrap();
        let slow = begin_and_append(&slow_instance, &["slow-1", "slow-2"]).await;
        let mut fast = tokio::spawn({
            let database = fast_instance.clone();
            async move { begin_and_append(&database, &["fast"]).await.commit().await.unwrap() }
        });
        assert!(tokio::time::timeout(Duration::from_millis(300), &mut fast).await.is_err(), "it did not wait");
        assert!(readable(&fast_instance).await.is_empty());
        slow.commit().await.unwrap();
        fast.await.unwrap();
        let events = expected(&[("1", "slow-1"), ("2", "slow-2"), ("3", "fast")]);
        assert_eq!(readable(&fast_instance).await, events);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_leaves_no_gap() {
    on_each_database(async |url| {
        let database = Database::open::<Migrator>(&url).await.unwrap();
        begin_and_append(&database, &["first"]).await.commit().await.unwrap();
        drop(begin_and_append(&database, &["never"]).await);
        begin_and_append(&database, &["second"]).await.commit().await.unwrap();
        begin_and_append(&database, &[]).await.commit().await.unwrap();
        assert_eq!(readable(&database).await, expected(&[("1", "first"), ("2", "second")]));
    })
    .await;
}
