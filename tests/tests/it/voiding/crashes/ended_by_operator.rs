//! Runs that an operator ends with Temporal's own means: the process is still open in Billing, so the sweep takes it
//! up.

use crate::start;
use messages::{DocumentId, ProcessId, billing::DocumentStatus, voiding::VoidingState};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use tests::{Component, Env, Fault, Gate, Link, eventually, eventually_eq};

#[tokio::test]
async fn a_run_that_an_operator_terminates_in_any_state_is_taken_up_by_the_sweep() {
    ended_in_any_state("Terminated", async |env, id| env.temporal().terminate(id).await.unwrap()).await;
}

#[tokio::test]
async fn a_run_that_an_operator_cancels_in_any_state_is_taken_up_by_the_sweep() {
    ended_in_any_state("Canceled", async |env, id| env.temporal().cancel(id).await.unwrap()).await;
}

/// The worker does not learn of the end before the attempt is over, and may have gone on by then.
#[tokio::test]
async fn a_run_that_an_operator_ends_during_its_first_attempt_ends_in_a_voided_document_all_the_same() {
    let env = start().await;
    let (terminated, cancelled) = (env.issue_reported().await.document_id, env.issue_reported().await.document_id);
    let gate = Gate::default();
    env.proxy(Link::WorkerToReports).fault("/commands/mark-", Fault::Hold(gate.clone()));
    for id in [&terminated, &cancelled] {
        let _ = env.api().post_voiding(id).await.ok_as(202);
    }
    // Each has sent its own command: a held first attempt is repeated after two seconds.
    for id in [&terminated, &cancelled] {
        eventually("the marking is sent", async || {
            let sent = env.commands(Link::WorkerToReports, id, "/commands/mark-").len();
            if sent > 0 { Ok(()) } else { Err(sent) }
        })
        .await;
    }
    env.temporal().terminate(&terminated).await.unwrap();
    env.temporal().cancel(&cancelled).await.unwrap();
    env.proxy(Link::WorkerToReports).heal();
    gate.open();
    for id in [&terminated, &cancelled] {
        let voided = DocumentStatus::Voided;
        eventually_eq("the document is voided", voided, async || env.billing().status(id).await).await;
        let voided = VoidingState::DocumentVoided;
        eventually_eq("the api shows it", voided, async || env.api().voiding(id).await.ok().state).await;
    }
    env.assert_consistent().await;
}

/// The incident was also due when a worker learned of the cancellation: both come with one workflow task.
#[tokio::test]
async fn a_run_that_is_cancelled_while_no_worker_runs_ends_once_one_does() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    env.proxy(Link::WorkerToReports).fault("/commands/mark-", Fault::status(500));
    let _ = env.api().post_voiding(id).await.ok_as(202);
    env.await_durable(id).await;
    env.kill(Component::Worker).await;
    env.temporal().cancel(id).await.unwrap();
    eventually("the incident is due", async || {
        let history = env.temporal().history(id).await;
        let is_due = history.iter().any(|event| event.event_type() == EventType::TimerFired);
        if is_due { Ok(()) } else { Err(history.len()) }
    })
    .await;
    env.proxy(Link::WorkerToReports).heal();
    env.start(Component::Worker).await;
    let process = env.billing().document(id).await.ok().process_id.unwrap();
    env.await_runs(id, &[(&process, "Canceled"), (&process, "Completed")]).await;
    env.assert_consistent().await;
}

async fn ended_in_any_state(ended: &str, end: impl AsyncFn(&Env, &DocumentId)) {
    let env = start().await;
    let documents = futures::future::join_all((0..4).map(|_| env.issue_reported())).await;
    let [waiting, refused, compensating, marking] = &documents[..] else { unreachable!() };

    let waiting = &waiting.document_id;
    let of_waiting = env.refused_and_aborted(waiting).await;
    end(&env, waiting).await;
    let refused = &refused.document_id;
    let of_refused = env.refused_completion(refused).await.process_id.unwrap();
    end(&env, refused).await;
    let compensating = &compensating.document_id;
    let of_compensating = env.refused_completion(compensating).await.process_id.unwrap();
    end_while_held(&env, "/commands/unmark-", compensating, &end, async || {
        let _ = env.acknowledge(compensating).await.ok_as(202);
    })
    .await;
    let marking = &marking.document_id;
    end_while_held(&env, "/commands/mark-", marking, &end, async || {
        let _ = env.api().post_voiding(marking).await.ok_as(202);
    })
    .await;
    let of_marking = env.billing().document(marking).await.ok().process_id.unwrap();

    env.await_runs(marking, &[(&of_marking, ended), (&of_marking, "Completed")]).await;
    env.await_runs(refused, &[(&of_refused, ended), (&of_refused, "Completed")]).await;
    again_acknowledged(&env, waiting, &of_waiting, ended, None).await;
    again_acknowledged(&env, compensating, &of_compensating, ended, Some("aborted")).await;
    for id in [waiting, refused, compensating, marking] {
        let items = env.api().voidings("?limit=200").await.ok().items;
        assert_eq!(items.iter().filter(|item| item.document_id == *id).count(), 1, "one item a process: {items:?}");
    }
    env.assert_consistent().await;
}

/// Ends the run while its command to Reports is under way; the command gets through afterwards.
async fn end_while_held(
    env: &Env,
    command: &str,
    id: &DocumentId,
    end: &impl AsyncFn(&Env, &DocumentId),
    begin: impl AsyncFnOnce(),
) {
    let gate = Gate::default();
    env.proxy(Link::WorkerToReports).fault(command, Fault::Hold(gate.clone()));
    begin().await;
    gate.held().await;
    env.await_durable(id).await;
    end(env, id).await;
    env.proxy(Link::WorkerToReports).heal();
    gate.open();
}

/// Checks that the second run meets the same refusal, and ends with an acknowledgement.
async fn again_acknowledged(env: &Env, id: &DocumentId, process: &ProcessId, ended: &str, incident: Option<&str>) {
    env.await_runs(id, &[(process, ended), (process, "Running")]).await;
    match incident {
        Some(code) => drop(env.refused(id, "CompleteDocumentVoiding", code).await),
        None => drop(
            env.await_view(id, "refused again", |view| view.state == VoidingState::MarkingDocumentAsVoidedFailed).await,
        ),
    }
    let _ = env.acknowledge(id).await.ok_as(202);
    env.await_runs(id, &[(process, ended), (process, "FailureAcknowledged")]).await;
}
