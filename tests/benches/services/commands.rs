//! Billing's commands per second, beside the commits per second of a plain loop.

use messages::headers::IDEMPOTENCY_KEY;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tests::{
    Component, Env,
    bench::{Lines, Moment, Table, exact, number, whole},
    sample,
};

use crate::{bare::Bare, billing::Kind, load::Outcome};

const COLUMNS: [&str; 10] = [
    "database",
    "at once",
    "commands/s",
    "bare commits/s",
    "commands ÷ bare",
    "command, p50 ms (p99)",
    "bare, p50 ms (p99)",
    "Billing, CPU ms/command",
    "bare loop, CPU ms/commit",
    "measured",
];

pub(crate) async fn run(kinds: &[Kind], at_once: &[usize], lines: &Lines) {
    let table = Table::begin("Commands of Billing", &COLUMNS);
    for kind in kinds {
        for at_once in at_once {
            table.row(&measure(*kind, *at_once, lines).await);
        }
    }
}

async fn measure(kind: Kind, at_once: usize, lines: &Lines) -> Vec<String> {
    let (commands, rounds): (usize, usize) = (number("BENCH_COMMANDS", "2000"), number("BENCH_ROUNDS", "3"));
    let count = if at_once == 1 { commands.div_ceil(5) } else { commands };
    let (bare, env) = (Bare::open(kind).await, kind.billing().await);
    let requests = Requests::to(&env);
    let (own, billing) = (std::process::id(), env.pid(Component::Billing).await);
    let (own, billing) = (|| Moment::of(own).cpu, || Moment::of(billing).cpu);
    let (commit, issue) = (async |_| bare.commit().await, async |_| requests.issue().await);
    let warm_up = 0..(count / 10).max(at_once);
    Outcome::default().add(warm_up.clone(), at_once, own, commit).await;
    Outcome::default().add(warm_up, at_once, billing, issue).await;
    let (mut commits, mut issued) = (Outcome::default(), Outcome::default());
    for _ in 0..rounds {
        commits.add(0..count, at_once, own, commit).await;
        issued.add(0..count, at_once, billing, issue).await;
    }
    let ratio = issued.a_second() / commits.a_second();
    lines.line(&json!({
        "part": "commands", "database": kind, "at_once": at_once, "measured": count * rounds,
        "commands_a_second": issued.a_second(), "bare_a_second": commits.a_second(), "ratio": ratio,
        "command_p50_ms": issued.percentile(50), "command_p99_ms": issued.percentile(99),
        "bare_p50_ms": commits.percentile(50), "bare_p99_ms": commits.percentile(99),
        "billing_cpu_ms": issued.cpu_ms(), "bare_cpu_ms": commits.cpu_ms(),
    }));
    let latency = |of: &Outcome| format!("{} ({})", exact(of.percentile(50)), exact(of.percentile(99)));
    vec![
        kind.name().to_owned(),
        at_once.to_string(),
        whole(issued.a_second()),
        whole(commits.a_second()),
        exact(ratio),
        latency(&issued),
        latency(&commits),
        exact(issued.cpu_ms()),
        exact(commits.cpu_ms()),
        (count * rounds).to_string(),
    ]
}

/// A client that issues documents.
pub(crate) struct Requests {
    http: Client,
    url: String,
}

impl Requests {
    pub(crate) fn to(env: &Env) -> Self {
        let http = Client::builder().no_proxy().build().unwrap();
        Self { http, url: format!("{}/documents", env.url(Component::Billing)) }
    }

    /// Issues a document for a new customer.
    pub(crate) async fn issue(&self) {
        let (body, key) = (sample::invoice(&sample::customer_id()), sample::unique("bench"));
        let request = self.http.post(&self.url).header(IDEMPOTENCY_KEY, key).json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{text}");
    }
}
