//! The traces behind the rules of DESIGN section 4: each is a way in which a wrong protocol would lose or double something.

mod gap;
mod late;
mod late_complete;
mod operator;
mod publish;
mod recheck;
pub(crate) mod runs;
mod starts;
mod starts_elsewhere;

use messages::{DocumentId, ProcessId, voiding::VoidingState};
use serde_json::json;
use tests::{Env, Link, binaries, eventually};

use self::runs::await_view;

/// A code that Billing itself never answers: a refusal that the process manager knows nothing about.
pub(crate) const CREDIT_BLOCK: &str = "credit-block";

pub(crate) async fn start() -> Env {
    Env::builder(binaries!()).start().await
}

/// Publishes the report of a document that Reports knows, and requests its voiding: returns when the process waits for
/// its acknowledgement.
pub(crate) async fn refused_marking(env: &Env, id: &DocumentId) -> ProcessId {
    let document = env.billing().document(id).await.ok();
    let _ = env.reports().publish(&document.customer_id).await.ok();
    let process = env.api().post_voiding(id).await.ok_as(202).process_id.unwrap();
    eventually("Billing has aborted, and the process waits", async || {
        let aborted = env
            .billing()
            .log()
            .await
            .iter()
            .any(|event| event.kind == "DocumentVoidingAborted" && event.correlationid == process.as_str());
        if aborted { Ok(()) } else { Err("no DocumentVoidingAborted") }
    })
    .await;
    await_view(env, id, "the marking is refused", |view| view.state == VoidingState::MarkingDocumentAsVoidedFailed)
        .await;
    process
}

/// Requests a voiding whose completion is refused once: returns when the process waits with that incident.
pub(crate) async fn refused_completion(env: &Env, id: &DocumentId) -> ProcessId {
    env.proxy(Link::WorkerToBilling).refuse_times(1, "/commands/complete-", 409, CREDIT_BLOCK);
    let process = env.api().post_voiding(id).await.ok_as(202).process_id.unwrap();
    await_incident(env, id, CREDIT_BLOCK).await;
    process
}

/// Waits until the process waits with a completion that was refused with this code.
pub(crate) async fn await_incident(env: &Env, id: &DocumentId, code: &str) {
    await_view(env, id, "the completion is refused", |view| {
        view.incident.as_ref().is_some_and(|incident| incident.code.as_deref() == Some(code))
    })
    .await;
}

pub(crate) async fn acknowledge(env: &Env, id: &DocumentId) {
    let _ = env.api().acknowledge(id, &json!({"acknowledged_by": "an operator"})).await.ok_as(202);
}

/// Waits until the first, local attempt is over. While that one lasts, an end is seen by the worker only afterwards.
pub(crate) async fn await_durable(env: &Env, id: &DocumentId) {
    eventually("the command is a pending activity", async || {
        let history = env.temporal().history(id).await;
        let last = history.last().map(|event| event.event_type().as_str_name());
        if last == Some("EVENT_TYPE_ACTIVITY_TASK_STARTED") || last == Some("EVENT_TYPE_TIMER_STARTED") {
            Ok(())
        } else {
            Err(last)
        }
    })
    .await;
}
