//! A request in the gap between Billing's Close and the end of the run.

use crate::start;
use messages::voiding::VoidingState;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use tests::{Fault, Gate, Link, eventually};

#[tokio::test]
async fn a_request_in_the_gap_between_close_and_the_end_of_the_run_gets_a_run_of_its_own() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    let first = env.refused_completion(id).await.process_id.unwrap();
    let gap = Gate::default();
    env.proxy(Link::WorkerToBilling).fault("/commands/close-", Fault::HoldAnswer(gap.clone()));
    let _ = env.acknowledge(id).await.ok_as(202);
    gap.held().await;
    assert_eq!(env.billing().document(id).await.ok().process_id, None, "Billing has closed the first process");

    let accepted = env.api().post_voiding(id).await.ok_as(202);
    let second = accepted.process_id.unwrap();
    assert_ne!(second, first);
    assert_eq!(accepted.state, VoidingState::VoidingRequested);
    eventually("the start has met the run of the first process", async || {
        let history = env.temporal().history(id).await;
        let rechecked = history.iter().any(|event| match &event.attributes {
            Some(Attributes::WorkflowExecutionSignaledEventAttributes(signal)) => signal.signal_name == "recheck",
            _ => false,
        });
        if rechecked { Ok(()) } else { Err(history.len()) }
    })
    .await;

    env.proxy(Link::WorkerToBilling).heal();
    gap.open();
    env.await_runs(id, &[(&first, "FailureAcknowledged"), (&second, "Completed")]).await;
    let shown = env.api().voiding(id).await.ok();
    assert_eq!((shown.process_id, shown.state), (Some(second), VoidingState::DocumentVoided));
    env.assert_consistent().await;
}
