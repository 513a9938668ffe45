//! The event log: every event once and in order, whatever its writers do.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use messages::{CloudEvent, billing::IssueDocument};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use tests::{Component, Env, calls::Billing, eventually, load, sample};

use super::{on_both_databases, on_postgres};

on_both_databases! {
    a_reader_sees_the_events_of_many_writers_once_and_in_order,
    a_read_begins_after_a_position_and_is_limited,
    a_waiting_reader_is_answered_as_soon_as_there_is_an_event,
    a_waiting_reader_is_answered_with_nothing_when_its_time_is_over,
    a_waiting_reader_does_not_keep_the_service_from_ending,
    events_are_cloud_events_and_the_same_on_every_read,
    a_restart_keeps_the_log,
    accepted_commands_outlive_a_crash_and_the_log_has_no_gaps,
}

/// Longest wait that a reader may request, in seconds.
const WAIT: u32 = 30;

async fn write(billing: &Billing, count: usize) {
    let customer = sample::customer_id();
    for _ in 0..count {
        issue(billing, &sample::invoice(&customer)).await;
    }
}

/// Issues a document that has an id, repeating the request if Billing was busy or could not tell the result.
async fn issue(billing: &Billing, document: &IssueDocument) {
    eventually("the document is issued", async || billing.issue(document).await.try_ok()).await;
}

/// Reads from the origin until `count` events are there, in small batches, and checks that none is skipped.
async fn read(billing: &Billing, count: usize) -> Vec<CloudEvent> {
    let mut seen: Vec<CloudEvent> = Vec::new();
    eventually(&format!("{count} events"), async || {
        let after = seen.last().map_or(0, |event| event.sequence);
        for event in billing.events(after, Some(30), Some(1)).await.ok() {
            assert_eq!(event.sequence, seen.last().map_or(0, |event| event.sequence) + 1, "no event is passed over");
            seen.push(event);
        }
        if seen.len() < count { Err(seen.len()) } else { Ok(()) }
    })
    .await;
    seen
}

fn assert_each_once(events: &[CloudEvent], expected: usize) {
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| &event.id).collect();
    let subjects: std::collections::BTreeSet<_> = events.iter().map(|event| &event.subject).collect();
    assert_eq!((events.len(), ids.len(), subjects.len()), (expected, expected, expected));
}

async fn a_reader_sees_the_events_of_many_writers_once_and_in_order(env: &Env) {
    let (billing, each) = (env.billing(), load(30, 150));
    let writers = join_all((0..16).map(|_| write(&billing, each)));
    let count = 16 * each;
    let (_, one, other) = tokio::join!(writers, read(&billing, count), read(&billing, count));
    assert_each_once(&one, count);
    assert_eq!(one, other);
    assert_eq!(one, billing.log().await);
}

async fn a_read_begins_after_a_position_and_is_limited(env: &Env) {
    let billing = env.billing();
    write(&billing, 120).await;
    let all = billing.log().await;
    let positions: Vec<_> = all.iter().map(|event| event.sequence).collect();
    assert_eq!(positions, (1..=120).collect::<Vec<_>>());
    assert_eq!(billing.events(0, None, None).await.ok(), all[..100], "100 by default");
    assert_eq!(billing.events(10, Some(3), None).await.ok(), all[10..13]);
    assert_eq!(billing.events(119, Some(1000), None).await.ok(), all[119..]);
    assert_eq!(billing.events(120, None, None).await.text(), "[]");
    assert_eq!(billing.events(i64::MAX, None, None).await.text(), "[]");
}

async fn a_waiting_reader_is_answered_as_soon_as_there_is_an_event(env: &Env) {
    let billing = env.billing();
    for round in 0..5 {
        let begun = Instant::now();
        let (read, ()) = tokio::join!(billing.events(round, None, Some(WAIT)), write(&billing, 1));
        assert_eq!(read.ok().len(), 1);
        assert!(begun.elapsed() < Duration::from_secs(WAIT.into()), "{:?}", begun.elapsed());
    }
}

async fn a_waiting_reader_is_answered_with_nothing_when_its_time_is_over(env: &Env) {
    let begun = Instant::now();
    assert_eq!(env.billing().events(0, None, Some(1)).await.text(), "[]");
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}

async fn a_waiting_reader_does_not_keep_the_service_from_ending(env: &Env) {
    let billing = env.billing();
    let begun = Instant::now();
    let waiting = billing.events(0, None, Some(WAIT));
    let stop = async {
        // A later answer shows that the waiting request, sent earlier, is being served.
        billing.events(0, None, None).await.ok();
        env.stop(Component::Billing).await;
    };
    tokio::join!(async { drop(waiting.await) }, stop);
    assert!(begun.elapsed() < Duration::from_secs(WAIT.into()), "{:?}", begun.elapsed());
}

async fn events_are_cloud_events_and_the_same_on_every_read(env: &Env) {
    let document = env.issue_reported().await;
    let billing = env.billing();
    let log = billing.log().await;
    let [event] = &log[..] else { panic!("one event") };
    assert_eq!((event.specversion.as_str(), event.datacontenttype.as_str()), ("1.0", "application/json"));
    assert_eq!((event.source.as_str(), event.kind.as_str()), ("/billing", "DocumentIssued"));
    assert_eq!(event.data["total"], serde_json::json!({"amount": "12.34", "currency": "EUR"}));
    assert_eq!(event.data["issued_at"], serde_json::to_value(document.issued_at).unwrap());
    assert_eq!(billing.log().await, log);
}

async fn a_restart_keeps_the_log(env: &Env) {
    let billing = env.billing();
    write(&billing, 10).await;
    let before = billing.log().await;
    env.kill(Component::Billing).await;
    env.start(Component::Billing).await;
    assert_eq!(billing.log().await, before);
    write(&billing, 1).await;
    assert_eq!(billing.log().await[..10], before);
}

async fn accepted_commands_outlive_a_crash_and_the_log_has_no_gaps(env: &Env) {
    let (billing, over) = (env.billing(), AtomicBool::new(false));
    let writers = (0..8).map(async |_| {
        let mut accepted = Vec::new();
        // Requests are refused at once while Billing is down, so the loop goes on until it is back for good.
        while !over.load(Ordering::SeqCst) {
            let answer = billing.issue(&sample::invoice(&sample::customer_id())).await;
            accepted.extend(answer.try_ok().ok().map(|document| document.document_id));
        }
        accepted
    });
    let crashes = async {
        for position in [20, 60] {
            eventually("some events are written", async || {
                let events = billing.events(position, Some(1), None).await;
                if events.try_ok().is_ok_and(|events| !events.is_empty()) { Ok(()) } else { Err(events.to_string()) }
            })
            .await;
            env.kill(Component::Billing).await;
            env.start(Component::Billing).await;
        }
        over.store(true, Ordering::SeqCst);
    };
    let (accepted, ()) = tokio::join!(join_all(writers), crashes);
    let log = billing.log().await;
    assert!(log.iter().map(|event| event.sequence).eq(1..=i64::try_from(log.len()).unwrap()), "{log:?}");
    for id in accepted.into_iter().flatten() {
        assert_eq!(log.iter().filter(|event| event.subject == id.as_str()).count(), 1, "{id}");
        billing.document(&id).await.ok();
    }
}

/// Any number; whoever holds this advisory lock holds the delayed commit.
const LOCK: i64 = 4711;

async fn session(env: &Env) -> DatabaseConnection {
    let mut options = ConnectOptions::new(env.variable(Component::Billing, "BILLING_DATABASE_URL"));
    options.max_connections(1).min_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

async fn waiting_commits(observer: &DatabaseConnection) -> i64 {
    let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 4711";
    let rows = observer.query_all_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql)).await;
    rows.unwrap()[0].try_get_by_index(0).unwrap()
}

/// A deferred trigger runs within the commit: after the event got its position, and before anyone can read it.
const DELAY: &str = "
    CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER delay AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.subject = 'delayed') EXECUTE FUNCTION delay();";

#[tokio::test]
async fn an_event_whose_commit_is_delayed_is_not_passed_over_on_postgres() {
    let Some(env) = on_postgres(concat!(module_path!(), "::an_event_whose_commit_is_delayed_is_not_passed_over")).await
    else {
        return;
    };
    let (holder, observer, billing) = (session(&env).await, session(&env).await, env.billing());
    holder.execute_unprepared(DELAY).await.unwrap();
    holder.execute_unprepared(&format!("SELECT pg_advisory_lock({LOCK})")).await.unwrap();
    let mut delayed = sample::invoice(&sample::customer_id());
    delayed.document_id = Some("delayed".parse().unwrap());
    write(&billing, 500).await;
    let release = async {
        eventually("the commit is held", async || match waiting_commits(&observer).await {
            0 => Err(0),
            waiting => Ok(waiting),
        })
        .await;
        // The reader looks several times while the position is assigned but not there yet.
        for _ in 0..5 {
            billing.events(500, None, Some(0)).await.ok();
        }
        holder.execute_unprepared(&format!("SELECT pg_advisory_unlock({LOCK})")).await.unwrap();
    };
    let writers = async { tokio::join!(issue(&billing, &delayed), join_all((0..8).map(|_| write(&billing, 100)))) };
    let (events, _, ()) = tokio::join!(read(&billing, 1_301), writers, release);
    assert_each_once(&events, 1_301);
    assert_eq!(events, billing.log().await);
}
