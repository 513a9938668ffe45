//! The end of a voiding, on which all programs agree.

use messages::{DocumentId, billing::DocumentStatus, voiding::VoidingState};
use tests::{Env, Link};

/// The two ends that a request may reach without an operator (V3).
pub(super) enum Settled {
    /// The document is voided.
    Voided,
    /// The process waits for an operator, and the api shows it.
    Waits,
}

/// Returns the end of the voiding according to the api and Billing; an error with the observation while it goes on.
pub(super) async fn settled(env: &Env, id: &DocumentId) -> Result<Settled, String> {
    let voiding = env.api().voiding(id).await.try_ok()?;
    let document = env.billing().document(id).await.try_ok()?;
    match voiding.state {
        VoidingState::DocumentVoided if document.status == DocumentStatus::Voided => Ok(Settled::Voided),
        VoidingState::MarkingDocumentAsVoidedFailed
            if voiding.incident.is_none()
                && document.status == DocumentStatus::Issued
                && document.process_id == voiding.process_id =>
        {
            let failure = voiding.failure.ok_or("failed without a failure")?;
            assert_eq!(failure.code, "report-published");
            Ok(Settled::Waits)
        }
        _ => Err(format!("{voiding:?}, {document:?}")),
    }
}

/// Checks V5: REST, the query and the search attribute.
pub(super) async fn the_same_everywhere(env: &Env, id: &DocumentId) -> Result<(), String> {
    let rest = env.api().voiding(id).await.try_ok()?;
    let view = env.temporal().query_state(id).await?;
    assert_eq!((&view.process_id, view.state, &view.steps), (&rest.process_id, rest.state, &rest.steps));
    let run = env.temporal().describe(id).await.ok_or("no run")?;
    let attributes = run.search_attributes.unwrap().indexed_fields;
    let state: VoidingState = serde_json::from_slice(&attributes["VoidingState"].data).unwrap();
    assert_eq!(state, view.state);
    Ok(())
}

/// Checks V7: every command of a process names it.
pub(super) fn commands_carry_their_process(env: &Env) {
    let sent = [Link::WorkerToBilling, Link::WorkerToReports].map(|link| env.proxy(link).requests_to("/commands/"));
    for command in sent.iter().flatten() {
        let body = command.json();
        let process = body["process_id"].as_str().unwrap();
        assert_eq!(command.header("x-correlation-id"), Some(process), "{command:?}");
        let key = command.header("idempotency-key").and_then(|key| key.strip_prefix(process));
        assert!(key.is_some_and(|key| key.starts_with('/')), "{command:?}");
    }
}
