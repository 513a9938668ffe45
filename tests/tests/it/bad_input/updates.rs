//! Updates of any shape: each is answered with an error that says why, and changes nothing.

use futures::future::join_all;
use serde_json::{Value, json};
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowExecution},
    enums::v1::UpdateWorkflowExecutionLifecycleStage,
    update::v1::{Input, Meta, Request, WaitPolicy, outcome},
    workflowservice::v1::UpdateWorkflowExecutionRequest,
};
use tests::{Env, eventually, json_payload, sample};

use super::system::System;
use crate::voiding::signals::shapes::malformed;

/// The only update of an instance. Nothing else accepts any.
const HANDLED: &str = "handled";

/// Sends updates to everything that waits, and to the subscriptions.
pub(super) async fn are_refused(system: &System) {
    let subscriptions = ["subscription-voiding", "subscription-TransferMoney"];
    let ids: Vec<_> = system.workflows.iter().map(String::as_str).chain(subscriptions).collect();
    join_all(ids.iter().map(|id| all_are_refused(&system.env, id))).await;
}

async fn all_are_refused(env: &Env, id: &str) {
    let mut payloads: Vec<_> =
        malformed().into_iter().filter(|of| of.iter().all(|it| it.data.len() < 200_000)).step_by(2).collect();
    let wrong: [Value; 5] = [
        json!({}),
        json!({"log": 1, "position": 1}),
        json!({"log": "billing"}),
        json!({"log": "billing", "position": 1e30}),
        json!({"log": "billing", "position": 1, "within_ms": "x"}),
    ];
    payloads.extend(wrong.iter().map(|it| vec![json_payload(it)]));
    payloads.push(vec![]);
    // A run has at most ten updates under way.
    for payloads in payloads {
        let why = refused(env, id, HANDLED, &payloads).await;
        assert!(!why.is_empty(), "{id} does not say what is wrong with {payloads:?}");
    }
    for name in ["no_such_update", "deliver", "__temporal_x", "\u{202e}"] {
        let why = refused(env, id, name, &[json_payload(&json!({}))]).await;
        assert!(!why.is_empty(), "{id} does not say what is wrong with the update {name}");
    }
}

/// Returns why an update was refused by the workflow, or by Temporal itself.
async fn refused(env: &Env, id: &str, name: &str, payloads: &[Payload]) -> String {
    let update_id = sample::unique("update");
    let request = UpdateWorkflowExecutionRequest {
        namespace: env.temporal().namespace().to_owned(),
        workflow_execution: Some(WorkflowExecution { workflow_id: id.to_owned(), run_id: String::new() }),
        wait_policy: Some(WaitPolicy { lifecycle_stage: UpdateWorkflowExecutionLifecycleStage::Completed.into() }),
        request: Some(Request {
            meta: Some(Meta { update_id, ..Default::default() }),
            input: Some(Input {
                name: name.to_owned(),
                args: Some(Payloads { payloads: payloads.to_vec() }),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    eventually(&format!("the update {name} of {id} is answered"), async || {
        let answer = env.temporal().service().await.update_workflow_execution(request.clone().into_request()).await;
        match answer.map(|answer| answer.into_inner().outcome.and_then(|outcome| outcome.value)) {
            Ok(Some(outcome::Value::Failure(failure))) => Ok(failure.message),
            Ok(Some(outcome::Value::Success(done))) => panic!("{name} of {id} with {payloads:?}: {done:?}"),
            Ok(None) => Err("it is not completed yet".to_owned()),
            Err(status) if status.code() == temporalio_client::tonic::Code::InvalidArgument => {
                Ok(status.message().to_owned())
            }
            Err(status) => Err(status.message().to_owned()),
        }
    })
    .await
}
