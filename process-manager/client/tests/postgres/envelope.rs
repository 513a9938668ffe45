//! A row becomes an event, or is passed on as malformed.

use process_manager_client::feed::FeedEvent;
use serde_json::json;
use uuid::Uuid;

use super::{good, insert, log, read};

#[tokio::test]
async fn columns_that_the_writer_leaves_out_have_defaults() {
    let Some((_server, pool, source)) = log("defaults").await else { return };
    insert(&pool, "order-7").await.unwrap();
    let logid: Uuid = good(&read(&source, 0).await[0]).logid.parse().unwrap();
    let event = good(&read(&source, 0).await[0]).clone();
    assert!(event.id.parse::<Uuid>().is_ok(), "{}", event.id);
    assert_eq!((&event.correlationid, &event.causationid), (&event.id, &event.id));
    assert!((chrono::Utc::now() - event.time).abs() < chrono::TimeDelta::minutes(5), "{}", event.time);
    let time = event.time;
    assert_eq!(
        serde_json::to_value(&event).unwrap(),
        json!({
            "specversion": "1.0", "id": event.id, "source": "/shop", "type": "Placed", "subject": "order-7",
            "time": time, "datacontenttype": "application/json", "sequence": "1", "correlationid": event.id,
            "causationid": event.id, "logid": logid.to_string(), "data": {}
        })
    );
}

#[tokio::test]
async fn columns_that_the_writer_sets_reach_the_reader() {
    let Some((_server, pool, source)) = log("envelope").await else { return };
    let insert = r#"INSERT INTO process_event (id, source, type, subject, time, correlation_id, causation_id, data)
        VALUES ('e-1', '/shop', 'Placed', 'o "7" ä', '2026-01-02T03:04:05.678901+01', 'c', 'm', '{"n": [1.5, null]}')"#;
    sqlx::raw_sql(insert).execute(&pool).await.unwrap();
    let events = read(&source, 0).await;
    let event = good(&events[0]);
    assert_eq!((event.id.as_str(), event.subject.as_str()), ("e-1", "o \"7\" ä"));
    assert_eq!((event.correlationid.as_str(), event.causationid.as_str()), ("c", "m"));
    assert_eq!(event.time, "2026-01-02T02:04:05.678901Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!(event.data, json!({"n": [1.5, null]}));
}

#[tokio::test]
async fn a_row_that_is_no_event_is_malformed_at_its_position_and_keeps_no_other_from_being_read() {
    let Some((_server, pool, source)) = log("malformed").await else { return };
    insert(&pool, "one").await.unwrap();
    let rows = r#"
        ALTER TABLE process_event ALTER type DROP NOT NULL;
        INSERT INTO process_event (source, type, subject, data) VALUES ('/shop', NULL, 'no type', '{}');
        INSERT INTO process_event (source, type, subject, time, data) VALUES ('/shop', 'T', 'no time', 'infinity', '{}');
        INSERT INTO process_event (source, type, subject, data) VALUES ('/shop', 'T', 'no number', '1e400');"#;
    sqlx::raw_sql(rows).execute(&pool).await.unwrap();
    insert(&pool, "five").await.unwrap();
    let events = read(&source, 0).await;
    assert_eq!(events.iter().map(FeedEvent::position).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let logid = Some(good(&events[0]).logid.as_str());
    for event in &events[1..4] {
        assert!(matches!(event, FeedEvent::Malformed { .. }), "{event:?}");
        assert_eq!(event.logid(), logid);
    }
    assert_eq!(good(&events[4]).subject, "five");
}
