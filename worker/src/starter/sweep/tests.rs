//! The sweep against the test's own Billing, on a real Temporal server. No worker runs, so runs stay as they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use process_manager::{instance::Delivery, manager::RouteKind};
use process_manager_client::http::{CommandClient, Timeouts};
use process_manager_host::{DeliveryTarget, operator::Workflows, search_attributes::register, testing::TestServer};
use serde_json::{Value, json};
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, SearchAttributes, WorkflowExecution, WorkflowType},
    taskqueue::v1::TaskQueue,
    workflowservice::v1::{StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest},
};
use test_support::{eventually, temporal_cli};
use tokio::net::TcpListener;

use super::*;

/// Billing: its answers, and the questions it has received.
#[derive(Debug, Default)]
struct Books {
    /// The list of open processes. It may be older than the single documents.
    listed: Vec<DocumentId>,
    /// The open process of each document.
    open: BTreeMap<DocumentId, ProcessId>,
    asked: Vec<String>,
    /// Documents about which no question is answered.
    broken: BTreeSet<DocumentId>,
}

#[derive(Debug, Clone, Default)]
struct Billing(Arc<Mutex<Books>>);

impl Billing {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    fn open(&self, number: usize) -> DocumentId {
        let document: DocumentId = format!("d-{number:03}").parse().unwrap();
        let mut books = self.books();
        books.listed.push(document.clone());
        books.open.insert(document.clone(), format!("p-{number:03}").parse().unwrap());
        document
    }

    /// Returns the requests since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.books().asked)
    }

    fn document(&self, document_id: &DocumentId) -> Value {
        json!({
            "document_id": document_id, "customer_id": "c-1", "kind": "invoice", "status": "voiding-requested",
            "total": {"amount": "1.00", "currency": "EUR"}, "issued_at": "2026-01-01T00:00:00Z",
            "process_id": self.books().open.get(document_id),
        })
    }
}

async fn list(State(billing): State<Billing>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let from: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let limit: usize = query["limit"].parse().unwrap();
    billing.books().asked.push(format!("list from {from}"));
    let listed = billing.books().listed.clone();
    let page = listed.iter().skip(from).take(limit).map(|document| {
        // The process as it was when the list was made.
        let mut document = billing.document(document);
        let number = document["document_id"].as_str().unwrap().replace("d-", "p-");
        document["process_id"] = number.into();
        document
    });
    let next = (from + limit < listed.len()).then(|| (from + limit).to_string());
    Json(json!({"items": page.collect::<Vec<_>>(), "next_cursor": next}))
}

async fn single(State(billing): State<Billing>, Path(document_id): Path<DocumentId>) -> Response {
    billing.books().asked.push(document_id.to_string());
    if billing.books().broken.contains(&document_id) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if billing.books().listed.contains(&document_id) {
        Json(billing.document(&document_id)).into_response()
    } else {
        (StatusCode::NOT_FOUND, Json(json!({"code": "document-not-found"}))).into_response()
    }
}

struct System {
    billing: Billing,
    starter: VoidingStarter,
    client: Client,
    _server: TestServer,
}

async fn system() -> System {
    let server = TestServer::start_with(temporal_cli()).await.unwrap();
    let client = server.client().clone();
    register(&client, &crate::run::search_attributes()).await;
    let billing = Billing::default();
    let routes = Router::new().route("/documents", get(list)).route("/documents/{id}", get(single));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let routes = routes.with_state(billing.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let starter = VoidingStarter::new(CommandClient::new(url, Timeouts::default()).unwrap(), client.clone());
    System { billing, starter, client, _server: server }
}

impl System {
    /// Returns the process under which the document's latest run voids it, and the run, if it is running.
    async fn running(&self, document_id: &DocumentId) -> Option<(ProcessId, String)> {
        let run = self.starter.voidings.latest_run(document_id).await.unwrap()?;
        run.is_running.then(|| (run.view.process_id.unwrap(), run.run_id))
    }

    /// Starts a run as a worker leaves it: its search attribute names its process.
    async fn run_under(&self, document_id: &DocumentId, process_id: &str) {
        let metadata =
            [("encoding", "json/plain"), ("type", "Keyword")].map(|(name, value)| (name.into(), value.into()));
        let keyword =
            Payload { metadata: metadata.into(), data: json!(process_id).to_string().into(), ..Default::default() };
        let request = StartWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            workflow_id: workflows::voiding::workflow_id(document_id),
            workflow_type: Some(WorkflowType { name: workflows::voiding::WORKFLOW_TYPE.into() }),
            task_queue: Some(TaskQueue { name: "nobody-polls".into(), ..Default::default() }),
            request_id: format!("{process_id} {:?}", Instant::now()),
            search_attributes: Some(SearchAttributes {
                indexed_fields: [(workflows::voiding::PROCESS_ID.name().into(), keyword)].into(),
            }),
            ..Default::default()
        };
        self.client.clone().start_workflow_execution(request.into_request()).await.unwrap();
    }

    async fn terminate(&self, document_id: &DocumentId) {
        let workflow_id = workflows::voiding::workflow_id(document_id);
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            workflow_execution: Some(WorkflowExecution { workflow_id, run_id: String::new() }),
            ..Default::default()
        };
        self.client.clone().terminate_workflow_execution(request.into_request()).await.unwrap();
        eventually("the visibility store knows the end", async || {
            let listed = self.starter.voidings.ended_with("Terminated", None, Vec::new()).await.unwrap();
            if listed.items.iter().any(|run| run.document_id == *document_id) { Ok(()) } else { Err(()) }
        })
        .await;
    }
}

/// Returns the event of a voiding that was requested by this cause.
fn requested(document_id: &DocumentId, process_id: &str, cause: &str) -> Delivery {
    let event = json!({
        "specversion": "1.0", "id": process_id, "source": "/billing", "type": "DocumentVoidingRequested",
        "subject": document_id, "time": "2026-11-30T12:00:00Z", "datacontenttype": "application/json", "sequence": "1",
        "correlationid": process_id, "causationid": cause, "logid": "log",
        "data": {"document_id": document_id, "customer_id": "c-1", "process_id": process_id},
    });
    Delivery::new(serde_json::from_value(event).unwrap(), RouteKind::Start)
}

#[tokio::test]
async fn what_the_api_has_requested_is_started_by_the_sweep_if_the_api_does_not() {
    let mut system = system().await;
    let [begun, left, direct] = [1, 2, 3].map(|number| system.billing.open(number));
    // The comparison alone would find it only on the next page.
    *system.starter.sweep.cursor.lock().unwrap() = Some("3".to_owned());
    let events = [
        requested(&begun, "p-001", "voidings/key"),
        requested(&left, "p-002", "voidings/key"),
        requested(&direct, "p-003", "key"),
    ];
    system.starter.deliver("-", &events).await.unwrap();
    assert_eq!(system.billing.asked(), ["d-003"]);
    system.run_under(&begun, "p-001").await;
    system.starter.sweep_all().await.unwrap();
    assert_eq!((system.billing.asked(), system.running(&left).await), (vec!["list from 3".to_owned()], None));

    system.starter.sweep.patience = Duration::ZERO;
    system.starter.sweep_left().await.unwrap();
    assert!(system.running(&left).await.is_some());
    // The visibility store may not know a run that has just begun. Then the process is checked once more and left
    // alone.
    let asked = system.billing.asked();
    assert!(asked.contains(&"d-002".to_owned()) && !asked.contains(&"d-003".to_owned()), "{asked:?}");
    assert!(system.starter.sweep.take_due().is_empty());
}

/// There are as many runs as processes, but one process has two of them.
#[tokio::test]
async fn the_runs_of_one_process_do_not_count_for_another() {
    let system = system().await;
    let [twice, left] = [1, 2].map(|number| system.billing.open(number));
    system.run_under(&twice, "p-001").await;
    system.terminate(&twice).await;
    system.run_under(&twice, "p-001").await;
    let processes = || vec![(twice.clone(), "p-001".parse().unwrap()), (left.clone(), "p-002".parse().unwrap())];
    eventually("the visibility store knows both runs", async || {
        let query = "WorkflowType = 'DocumentVoiding' AND ProcessId = 'p-001'";
        let runs = Workflows::new(system.client.clone()).count(query).await.unwrap();
        if runs == 2 { Ok(()) } else { Err(runs) }
    })
    .await;
    let never_begun = system.starter.voidings.never_begun(processes()).await.unwrap();
    assert_eq!(never_begun, [processes().remove(1)]);
}

#[tokio::test]
async fn what_cannot_be_looked_at_now_is_looked_at_by_the_next_sweep() {
    let mut system = system().await;
    system.starter.sweep.patience = Duration::ZERO;
    let document = system.billing.open(1);
    system.starter.deliver("-", &[requested(&document, "p-001", "voidings/key")]).await.unwrap();
    system.billing.books().broken.insert(document.clone());
    system.starter.sweep_left().await.unwrap_err();
    assert_eq!(system.running(&document).await, None);
    system.billing.books().broken.clear();
    system.starter.sweep_left().await.unwrap();
    assert!(system.running(&document).await.is_some());
}

#[test]
fn more_than_the_api_could_have_begun_meanwhile_is_started_at_once() {
    let sweep = Sweep::default();
    let (document, process) = ("d".parse().unwrap(), "p".parse().unwrap());
    assert!((0..MOST_LEFT).all(|_| sweep.look_later(&document, &process)));
    assert!(!sweep.look_later(&document, &process));
}

/// The comparison lists the process, the process is closed, and then the comparison reaches it.
#[tokio::test]
async fn no_run_is_started_for_a_process_that_has_just_been_closed() {
    let system = system().await;
    let (closed, open) = (system.billing.open(1), system.billing.open(2));
    system.billing.books().open.remove(&closed);
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.running(&closed).await, None);
    assert!(system.running(&open).await.is_some());
    let replaced: ProcessId = "p-later".parse().unwrap();
    system.billing.books().open.insert(closed.clone(), replaced.clone());
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.running(&closed).await, None, "another process than the one that was listed");
}

#[tokio::test]
async fn a_sweep_costs_the_same_however_many_processes_wait_and_finds_what_was_ended_from_outside() {
    let system = system().await;
    let documents: Vec<_> = (0..PAGE + 20).map(|number| system.billing.open(number)).collect();
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.billing.asked().len(), 1 + PAGE, "one page, and each process once before it is started");
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.billing.asked().len(), 1 + 20);
    for document in &documents {
        assert!(system.running(document).await.is_some(), "{document}");
    }
    // From now on nothing changes.
    for from in [0, PAGE, 0] {
        system.starter.sweep_all().await.unwrap();
        assert_eq!(system.billing.asked(), [format!("list from {from}")]);
    }

    // The comparison is at its second page, which does not contain this process.
    let ended = &documents[0];
    let (process, run) = system.running(ended).await.unwrap();
    system.terminate(ended).await;
    system.starter.sweep_all().await.unwrap();
    let (again, another) = system.running(ended).await.unwrap();
    assert_eq!(again, process);
    assert_ne!(another, run);
    assert_eq!(system.billing.asked(), [ended.to_string(), format!("list from {PAGE}")]);
    // Runs that ended before are not asked about again.
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.billing.asked(), ["list from 0"]);
}

#[tokio::test]
async fn a_document_that_always_fails_holds_nothing_up() {
    let system = system().await;
    let documents: Vec<_> = (0..=PAGE).map(|number| system.billing.open(number)).collect();
    let (broken, ended, last) = (&documents[0], &documents[1], &documents[PAGE]);
    system.billing.books().broken.insert(broken.clone());
    system.starter.sweep_all().await.unwrap_err();
    system.starter.sweep_all().await.unwrap();
    assert!(system.running(last).await.is_some(), "the comparison has gone on to the second page");

    system.billing.books().broken.clear();
    system.starter.sweep_all().await.unwrap();
    assert!(system.running(broken).await.is_some());
    system.billing.books().broken.insert(broken.clone());
    for document in [broken, ended] {
        system.terminate(document).await;
    }
    system.starter.sweep_ended().await.unwrap_err();
    assert!(system.running(ended).await.is_some());
    system.billing.asked();
    system.starter.sweep_ended().await.unwrap_err();
    assert_eq!(system.billing.asked(), [broken.to_string()], "the other one is done");
    system.billing.books().broken.clear();
    system.starter.sweep_ended().await.unwrap();
    assert!(system.running(broken).await.is_some());
}

/// Each document of a page has a run, but one of the runs carries out another process.
#[tokio::test]
async fn a_page_is_compared_by_process_and_not_by_document() {
    let system = system().await;
    let (mine, others) = (system.billing.open(1), system.billing.open(2));
    system.run_under(&mine, "p-001").await;
    system.run_under(&others, "p-older").await;
    eventually("only the other process is asked about", async || {
        system.billing.asked();
        system.starter.compare_page().await.unwrap();
        let asked = system.billing.asked();
        if asked == ["list from 0", "d-002"] { Ok(()) } else { Err(asked) }
    })
    .await;
    system.terminate(&others).await;
    system.run_under(&others, "p-002").await;
    eventually("nothing is asked about", async || {
        system.starter.compare_page().await.unwrap();
        let asked = system.billing.asked();
        if asked == ["list from 0"] { Ok(()) } else { Err(asked) }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_terminated_after_its_process_was_closed_is_not_started_again() {
    let system = system().await;
    let document = system.billing.open(1);
    system.starter.sweep_all().await.unwrap();
    {
        let mut books = system.billing.books();
        books.open.clear();
    }
    system.terminate(&document).await;
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.running(&document).await, None);
}

#[tokio::test]
async fn a_process_that_met_another_ones_run_is_tried_anew_until_it_runs() {
    let system = system().await;
    let document = system.billing.open(1);
    let (first, next): (ProcessId, ProcessId) = ("p-001".parse().unwrap(), "p-next".parse().unwrap());
    system.starter.sweep_all().await.unwrap();
    system.billing.books().open.insert(document.clone(), next.clone());
    system.starter.ensure_run(&document, Some(&next)).await.unwrap();
    assert_eq!(system.running(&document).await.unwrap().0, first);
    system.billing.asked();
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.billing.asked(), ["d-001", "list from 0"], "it is looked at wherever its page is");
    system.terminate(&document).await;
    system.starter.sweep_all().await.unwrap();
    assert_eq!(system.running(&document).await.unwrap().0, next);
}
