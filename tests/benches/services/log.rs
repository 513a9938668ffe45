//! Events per second that a reader of Billing's log receives, beside a `SELECT` of the same rows.

use std::{cell::Cell, time::Instant};

use chrono::{DateTime, Utc};
use reqwest::Client;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tests::{
    Component, Env,
    bench::{Lines, Moment, Table, each, exact, float, milliseconds, number, rate, whole},
};

use crate::{
    bare::connect,
    billing::{Kind, database_url},
    commands::Requests,
    load::Outcome,
};

const COLUMNS: [&str; 7] = [
    "database",
    "events in a page",
    "events/s",
    "bare rows/s",
    "events ÷ bare",
    "Billing, CPU ms/1,000 events",
    "read",
];
const PAGES: [usize; 2] = [100, 1000];
const SELECT: &str = "SELECT position, id, kind, subject, time, correlation_id, causation_id, data FROM events \
    WHERE position > $1 ORDER BY position LIMIT $2";

pub(crate) async fn run(kinds: &[Kind], lines: &Lines) {
    let (commands, reads): (usize, usize) = (number("BENCH_COMMANDS", "2000"), number("BENCH_READS", "20000"));
    let table = Table::begin("Reads of Billing's log, one reader", &COLUMNS);
    for kind in kinds {
        let env = kind.billing().await;
        let requests = Requests::to(&env);
        let events = commands.max(1000);
        Outcome::default().add(0..events, 10, Default::default, async |_| requests.issue().await).await;
        let log = Log { http: Client::builder().no_proxy().build().unwrap(), events, env: &env };
        let database = connect(database_url(&env)).await;
        for page in PAGES {
            table.row(&log.measure(*kind, &database, page, reads, lines).await);
        }
    }
}

struct Log<'a> {
    env: &'a Env,
    http: Client,
    /// Number of its events.
    events: usize,
}

impl Log<'_> {
    async fn measure(
        &self,
        kind: Kind,
        database: &DatabaseConnection,
        page: usize,
        reads: usize,
        lines: &Lines,
    ) -> Vec<String> {
        let first: Vec<Value> = serde_json::from_slice(&self.page(0, page).await).unwrap();
        assert_eq!((first.len(), select(database, 0, page).await), (page, page));
        let billing = self.env.pid(Component::Billing).await;
        let (before, begun) = (Moment::of(billing), Instant::now());
        let read = self.over(page, reads, async |after| drop(self.page(after, page).await)).await;
        let (events, used) = (rate(read, begun.elapsed()), Moment::of(billing) - before);
        let begun = Instant::now();
        let read = self.over(page, reads, async |after| assert_eq!(select(database, after, page).await, page)).await;
        let rows = rate(read, begun.elapsed());
        lines.line(&json!({
            "part": "log", "database": kind, "page": page, "measured": read, "events_a_second": events,
            "bare_a_second": rows, "ratio": events / rows,
            "billing_cpu_ms_1000": milliseconds(used.cpu * 1000) / float(read),
        }));
        vec![
            kind.name().to_owned(),
            page.to_string(),
            whole(events),
            whole(rows),
            exact(events / rows),
            each(used.cpu * 1000, read),
            read.to_string(),
        ]
    }

    /// Reads whole pages, and starts over at the end of the log. Returns how many events they had.
    async fn over(&self, page: usize, reads: usize, read: impl AsyncFn(usize)) -> usize {
        let (after, done) = (Cell::new(0), Cell::new(0));
        while done.get() < reads {
            read(after.get()).await;
            done.set(done.get() + page);
            let next = after.get() + page;
            after.set(if next + page > self.events { 0 } else { next });
        }
        done.get()
    }

    async fn page(&self, after: usize, limit: usize) -> Vec<u8> {
        let url = format!("{}/events?after={after}&limit={limit}", self.env.url(Component::Billing));
        let answer = self.http.get(url).send().await.unwrap().error_for_status().unwrap();
        answer.bytes().await.unwrap().to_vec()
    }
}

/// Reads each column. Returns how many rows there were.
async fn select(database: &DatabaseConnection, after: usize, limit: usize) -> usize {
    let values = [after, limit].map(|number| i64::try_from(number).unwrap().into());
    let statement = Statement::from_sql_and_values(database.get_database_backend(), SELECT, values);
    let rows = database.query_all_raw(statement).await.unwrap();
    for row in &rows {
        let _: i64 = row.try_get("", "position").unwrap();
        let _: DateTime<Utc> = row.try_get("", "time").unwrap();
        for column in ["id", "kind", "subject", "correlation_id", "causation_id", "data"] {
            let _: String = row.try_get("", column).unwrap();
        }
    }
    rows.len()
}
