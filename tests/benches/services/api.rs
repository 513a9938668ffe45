//! Requests per second of the api, beside the question that it asks Temporal.

use reqwest::Client;
use serde_json::json;
use tests::{
    Component, Env,
    bench::{Lines, Moment, Table, exact, float, number, whole},
    binaries, workflow_id,
};

use crate::load::Outcome;

const COLUMNS: [&str; 10] = [
    "request",
    "at once",
    "requests/s",
    "bare questions/s",
    "requests ÷ bare",
    "request, p50 ms (p99)",
    "bare, p50 ms (p99)",
    "api, CPU ms/request",
    "questions to Temporal each",
    "measured",
];

/// The questions that the api may ask Temporal.
const QUESTIONS: [&str; 4] =
    ["DescribeWorkflowExecution", "GetWorkflowExecutionHistory", "ListWorkflowExecutions", "QueryWorkflow"];

pub(crate) async fn run(at_once: &[usize], lines: &Lines) {
    let requests: usize = number("BENCH_REQUESTS", "5000");
    let env = Env::builder(binaries!()).own_temporal().direct().start().await;
    let document = env.issue_reported().await.document_id;
    let _ = env.api().post_voiding_to_its_end(&document).await.ok();
    let http = Client::builder().no_proxy().build().unwrap();
    let table = Table::begin("Requests of the api", &COLUMNS);
    for at_once in at_once {
        let count = if *at_once == 1 { requests.div_ceil(5) } else { requests };
        let api = env.pid(Component::Api).await;
        let cpu = || Moment::of(api).cpu;
        let bare = async |_| drop(env.temporal().describe_by_id(&workflow_id(&document)).await.unwrap());
        let asked = measured(count, *at_once, cpu, bare).await;
        for path in ["/livez".to_owned(), format!("/voidings/{document}")] {
            let url = format!("{}{path}", env.url(Component::Api));
            let get = async |_| {
                let answer = http.get(&url).send().await.unwrap().error_for_status().unwrap();
                answer.bytes().await.unwrap();
            };
            let before = env.temporal_requests().await;
            let answered = measured(count, *at_once, cpu, get).await;
            let questions = env.temporal_requests().await.since(&before).of(&QUESTIONS);
            // This includes those of the warm-up.
            let each = questions / float(count + warm_up(count, *at_once));
            let bare = (path != "/livez").then_some(&asked);
            let name = if bare.is_some() { "GET /voidings/{id}" } else { "GET /livez" };
            table.row(&row(name, *at_once, &answered, bare, each, lines));
        }
    }
}

fn warm_up(count: usize, at_once: usize) -> usize {
    (count / 10).max(at_once)
}

async fn measured(
    count: usize,
    at_once: usize,
    cpu: impl Fn() -> std::time::Duration,
    one: impl AsyncFn(usize),
) -> Outcome {
    Outcome::default().add(0..warm_up(count, at_once), at_once, &cpu, &one).await;
    let mut outcome = Outcome::default();
    outcome.add(0..count, at_once, cpu, one).await;
    outcome
}

fn row(
    name: &str,
    at_once: usize,
    answered: &Outcome,
    bare: Option<&Outcome>,
    questions: f64,
    lines: &Lines,
) -> Vec<String> {
    let ratio = bare.map(|bare| answered.a_second() / bare.a_second());
    lines.line(&json!({
        "part": "api", "request": name, "at_once": at_once, "measured": answered.count(),
        "requests_a_second": answered.a_second(), "bare_a_second": bare.map(Outcome::a_second), "ratio": ratio,
        "request_p50_ms": answered.percentile(50), "request_p99_ms": answered.percentile(99),
        "bare_p50_ms": bare.map(|bare| bare.percentile(50)), "bare_p99_ms": bare.map(|bare| bare.percentile(99)),
        "api_cpu_ms": answered.cpu_ms(), "questions": questions,
    }));
    let latency = |of: &Outcome| format!("{} ({})", exact(of.percentile(50)), exact(of.percentile(99)));
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    vec![
        name.to_owned(),
        at_once.to_string(),
        whole(answered.a_second()),
        or_none(bare.map(|bare| whole(bare.a_second()))),
        or_none(ratio.map(exact)),
        latency(answered),
        or_none(bare.map(latency)),
        exact(answered.cpu_ms()),
        exact(questions),
        answered.count().to_string(),
    ]
}
