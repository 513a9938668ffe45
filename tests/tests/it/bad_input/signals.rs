//! Signals and starts of any shape: no workflow task fails, no state changes, and a history stays bounded.

use futures::future::join_all;
use messages::contracts::{ContractStatus, CreditRating};
use serde_json::{Value, json};
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowType},
    enums::v1::{EventType, WorkflowExecutionStatus, WorkflowTaskFailedCause},
    history::v1::history_event::Attributes,
    taskqueue::v1::TaskQueue,
    workflowservice::v1::StartWorkflowExecutionRequest,
};
use tests::{Env, Fault, Link, eventually, json_payload, sample};

use super::{state, system::System, updates};
use crate::voiding::signals::shapes::malformed;

const LONGEST_HISTORY: usize = 4_100;
const REVOKE: &str = "/commands/revoke-";

/// Signals that are ignored whatever their payload is, unless it is a meaningful object.
const OF_INSTANCES: &[&str] = &["acknowledge", "retry", "instruct", "deliver"];
const OF_SUBSCRIPTIONS: &[&str] = &["resume", "rewind", "redeliver", "retrying"];
const OF_BATCHES: &[&str] = &["limits", "cancel"];

/// Sends signals to everything that waits, and to a running batch.
pub(super) async fn change_nothing(system: &System) {
    let env = &system.env;
    let (customer, contracts) = env.customer_with_contracts(1).await;
    env.proxy(Link::WorkerToContracts).fault(REVOKE, Fault::status(503));
    let change = env.change_rating(&customer, CreditRating::B).await;
    env.proxy(Link::WorkerToContracts).await_requests(1, REVOKE).await;
    let batch = format!("RevokeCustomerContracts-{change}");
    let before = (state::rows(env).await, views(system).await);

    let instances = system.workflows[1..].iter().map(|id| (id.as_str(), OF_INSTANCES));
    let subscriptions = ["subscription-voiding", "subscription-TransferMoney"].map(|id| (id, OF_SUBSCRIPTIONS));
    let targets: Vec<_> = instances.chain(subscriptions).chain([(batch.as_str(), OF_BATCHES)]).collect();
    join_all(targets.iter().map(|(id, names)| send_all(env, id, names))).await;
    updates::are_refused(system).await;
    for (id, _) in &targets {
        is_untouched(env, id).await;
    }
    assert_eq!((state::rows(env).await, views(system).await), before);

    env.proxy(Link::WorkerToContracts).fault(REVOKE, Fault::Pass);
    env.contract_becomes(&contracts[0], ContractStatus::Pending, &change).await;
    is_untouched(env, &batch).await;
}

async fn send_all(env: &Env, id: &str, names: &[&str]) {
    let mut payloads = malformed();
    payloads.extend([vec![json_payload(&json!({"type": "NoSuchType", "data": [[[]]]}))], vec![Payload::default(); 50]]);
    for name in names {
        // An object cancels a batch.
        for payloads in payloads.iter().filter(|payloads| *name != "cancel" || !is_object(payloads)) {
            env.temporal().signal_by_id(id, name, payloads.clone()).await.unwrap();
        }
        // Large payloads are sent once: they are much work for the server.
        payloads.retain(|payloads| payloads.iter().all(|payload| payload.data.len() < 200_000));
    }
}

fn is_object(payloads: &[Payload]) -> bool {
    matches!(payloads, [payload] if serde_json::from_slice::<Value>(&payload.data).is_ok_and(|it| it.is_object()))
}

/// Checks that every signal so far has been seen, and that no task has failed because of one.
async fn is_untouched(env: &Env, id: &str) {
    eventually(&format!("{id} has handled all signals"), async || {
        let history = env.temporal().history_by_id(id).await;
        assert!(history.len() < LONGEST_HISTORY, "{id} has {} events", history.len());
        for event in &history {
            if let Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) = &event.attributes {
                assert_eq!(failed.cause(), WorkflowTaskFailedCause::UnhandledCommand, "a task of {id} has failed");
            }
        }
        let place = |kind| history.iter().rposition(|event| event.event_type() == kind);
        let handled = place(EventType::WorkflowTaskCompleted) >= place(EventType::WorkflowExecutionSignaled);
        if handled { Ok(()) } else { Err(history.len()) }
    })
    .await;
}

/// Returns what the waiting processes report about themselves.
async fn views(system: &System) -> Vec<Value> {
    let temporal = system.env.temporal();
    let views = system.workflows.iter().map(|id| async move { temporal.query_by_id(id, "state").await.unwrap() });
    join_all(views).await.into_iter().map(without_counts).collect()
}

/// Removes the counts. A credit change counts its contracts at intervals, whatever is sent to it.
fn without_counts(mut view: Value) -> Value {
    if view["manager"] == "CreditChange" {
        for field in ["/timers", "/handled_events", "/ledger/answers", "/state/pause"] {
            *view.pointer_mut(field).unwrap() = Value::Null;
        }
    }
    view
}

/// Starts each type of workflow with inputs that it cannot use.
pub(super) async fn starts_change_nothing(env: &Env) {
    let before = state::rows(env).await;
    let types = ["TransferMoney", "ContractConfirmation", "CreditChange", "Batch", "Subscription"];
    let inputs: Vec<_> =
        malformed().into_iter().filter(|input| input.iter().all(|it| it.data.len() < 200_000)).collect();
    let more = [vec![], vec![json_payload(&json!(null))], vec![json_payload(&json!({"name": 1, "id": 1, "input": 1}))]];
    let inputs: Vec<_> = inputs.into_iter().step_by(3).chain(more).collect();
    let starts: Vec<_> = types
        .iter()
        .flat_map(|kind| inputs.iter().map(move |input| (*kind, format!("{kind}-{}", sample::unique("x")), input)))
        .collect();
    join_all(starts.iter().map(|(kind, id, input)| start(env, kind, id, input))).await;
    join_all(starts.iter().map(|(_, id, _)| never_begins(env, id))).await;
    assert_eq!(state::rows(env).await, before);
}

/// Checks that the process has failed because of its input, and that none of its tasks has failed.
async fn never_begins(env: &Env, id: &str) {
    eventually(&format!("{id} has ended"), async || {
        let run = env.temporal().describe_by_id(id).await.ok_or_else(|| "there is none".to_owned())?;
        if run.status() == WorkflowExecutionStatus::Failed { Ok(()) } else { Err(format!("{run:?}")) }
    })
    .await;
    let history = env.temporal().history_by_id(id).await;
    let ends = history.last().map(|event| format!("{:?}", event.attributes)).unwrap_or_default();
    assert!(ends.contains("InvalidInput"), "{id}: {ends}");
    let has_failed = history.iter().any(|event| event.event_type() == EventType::WorkflowTaskFailed);
    assert!(!has_failed, "a task of {id} has failed");
}

async fn start(env: &Env, kind: &str, id: &str, input: &[Payload]) {
    let request = StartWorkflowExecutionRequest {
        namespace: env.temporal().namespace().to_owned(),
        workflow_id: id.to_owned(),
        workflow_type: Some(WorkflowType { name: kind.to_owned() }),
        task_queue: Some(TaskQueue { name: "voiding".to_owned(), ..Default::default() }),
        input: Some(Payloads { payloads: input.to_vec() }),
        request_id: sample::unique("start"),
        ..Default::default()
    };
    eventually(&format!("{id} is started"), async || {
        env.temporal().service().await.start_workflow_execution(request.clone().into_request()).await.map(|_| ())
    })
    .await;
}
