//! How long the console's list takes with ten thousand open processes: `cargo bench -p tests --profile dev --bench
//! console`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured, and ends where a step fails"
)]

use std::{collections::HashMap, time::Instant};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::{Memo, Payload, Payloads, SearchAttributes, WorkflowType},
    taskqueue::v1::TaskQueue,
    workflowservice::v1::StartWorkflowExecutionRequest,
};
use tests::{
    Component, Env,
    bench::{Lines, Table, exact, milliseconds},
    binaries,
    calls::http,
    eventually, json_payload,
};

const PROCESSES: usize = 10_000;
const AT_ONCE: usize = 40;
const REQUESTS: usize = 200;

#[tokio::main]
async fn main() {
    let env = Env::builder(binaries!()).start().await;
    // The worker has registered the search attributes. Without it, the processes stay as they are.
    env.kill(Component::Worker).await;
    let begun = Instant::now();
    let starts = stream::iter(0..PROCESSES).map(|number| start(&env, number));
    starts.buffer_unordered(AT_ONCE).collect::<()>().await;
    println!("{PROCESSES} processes started in {:.1?}", begun.elapsed());
    let page = format!("{}/", env.url(Component::Api));
    eventually("all are counted", async || {
        let text = get(&page).await;
        if text.contains(&format!("<span class=\"number\">{PROCESSES}</span>")) { Ok(()) } else { Err("not yet") }
    })
    .await;
    let lines = Lines::begin("console");
    let columns = ["page", "median, ms", "p95, ms", "slowest, ms"];
    let table = Table::begin("Pages with 10,000 open processes", &columns).with_lines(&lines);
    assert_eq!(get(&page).await.matches("id=\"process-").count(), 50);
    measure(&table, "the first page", &page).await;
    measure(&table, "filtered by customer", &format!("{page}?customer_id=customer-7")).await;
    measure(&table, "filtered by the beginning of an id", &format!("{page}?text=bench-99")).await;
    let second = get(&page).await.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    measure(&table, "the second page", &format!("{}{}", env.url(Component::Api), second.replace("&amp;", "&"))).await;
    let events = format!("{}/console/events?on=processes", env.url(Component::Api));
    let _listening = http().get(events).send().await.unwrap();
    measure(&table, "the first page, while one looks on", &page).await;
}

async fn get(url: &str) -> String {
    let answer = http().get(url).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{url}");
    answer.text().await.unwrap()
}

async fn measure(table: &Table<'_>, what: &str, url: &str) {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        get(url).await;
        times.push(begun.elapsed());
    }
    times.sort();
    let at = |percent: usize| exact(milliseconds(times[(times.len() - 1) * percent / 100]));
    table.row(&[what.to_owned(), at(50), at(95), at(100)]);
}

/// Starts a process that waits for its acknowledgement, according to its search attributes and memo.
async fn start(env: &Env, number: usize) {
    let (document, customer) = (format!("bench-{number}"), format!("customer-{}", number % 100));
    let state = "marking-document-as-voided-failed";
    let at = "2026-01-01T00:00:00Z";
    let view = json!({
        "state": state, "process_id": format!("process-{number}"), "document_id": document, "customer_id": customer,
        "failure": {"failure_id": format!("process-{number}/1"), "code": "report-published", "detail": "published", "at": at},
        "steps": [{"state": "voiding-requested", "at": at}, {"state": state, "at": at}],
    });
    let attributes = [("VoidingState", json!(state)), ("DocumentId", json!(document)), ("CustomerId", json!(customer))];
    let fields = attributes.into_iter().map(|(name, value)| (name.to_owned(), keyword(&value)));
    let request = StartWorkflowExecutionRequest {
        namespace: env.temporal().namespace().to_owned(),
        workflow_id: format!("voiding-{document}"),
        workflow_type: Some(WorkflowType { name: "DocumentVoiding".to_owned() }),
        task_queue: Some(TaskQueue { name: "voiding".to_owned(), ..TaskQueue::default() }),
        input: Some(Payloads { payloads: vec![json_payload(&json!({"document_id": document}))] }),
        memo: Some(Memo { fields: HashMap::from([("state".to_owned(), json_payload(&view))]) }),
        search_attributes: Some(SearchAttributes { indexed_fields: fields.collect() }),
        request_id: format!("bench-{number}"),
        ..StartWorkflowExecutionRequest::default()
    };
    env.temporal().service().await.start_workflow_execution(request.into_request()).await.unwrap();
}

fn keyword(value: &Value) -> Payload {
    let mut payload = json_payload(value);
    payload.metadata.insert("type".to_owned(), b"Keyword".to_vec());
    payload
}
