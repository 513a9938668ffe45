//! Every step of a voiding, each with its own document that can be held right there.

use futures::{StreamExt, future::join_all, stream};
use messages::{DocumentId, billing::Document, voiding::VoidingState};
use serde_json::json;
use tests::voiding::{ABORT, ACKNOWLEDGED, CLOSE, COMPENSATED, COMPLETE, MARK, UNMARK, VOIDED};
use tests::{Env, Gate, Link, calls::Voiding, workflow_id};

const VOID: &str = "/commands/void-";

/// Number of voidings that are prepared concurrently; more of them would only wait for the machine.
const AT_ONCE: usize = 4;

/// The path of the voiding.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// Started by hand with the document alone.
    ByHand,
    Voided,
    /// Reports refuses the marking, an operator acknowledges.
    Failed,
    /// Billing refuses the abort as well; an operator acknowledges, and retries the abort.
    AbortRefused,
    /// Billing refuses the completion, an operator acknowledges.
    Compensated,
}

/// All commands, on every path. Those between two waits share a workflow task, so a worker that dies at the last of
/// them sends all of them again.
const STEPS: [(Way, Link, &str); 12] = [
    (Way::ByHand, Link::WorkerToBilling, VOID),
    (Way::ByHand, Link::WorkerToReports, MARK),
    (Way::ByHand, Link::WorkerToBilling, COMPLETE),
    (Way::Voided, Link::WorkerToReports, MARK),
    (Way::Voided, Link::WorkerToBilling, COMPLETE),
    (Way::Failed, Link::WorkerToReports, MARK),
    (Way::Failed, Link::WorkerToBilling, ABORT),
    (Way::Failed, Link::WorkerToBilling, CLOSE),
    (Way::AbortRefused, Link::WorkerToBilling, CLOSE),
    (Way::Compensated, Link::WorkerToBilling, ABORT),
    (Way::Compensated, Link::WorkerToReports, UNMARK),
    (Way::Compensated, Link::WorkerToBilling, CLOSE),
];

/// A voiding that is held at one command.
pub(super) struct Held {
    pub(super) id: DocumentId,
    name: String,
    way: Way,
    link: Link,
    prefix: &'static str,
    needs_acknowledgement: bool,
    gate: Gate,
}

/// Returns two voidings for each command: one held before the command reaches the service, and one whose service has
/// committed but whose answer has not arrived.
pub(super) async fn hold_each(env: &Env) -> Vec<Held> {
    let wanted = STEPS.into_iter().flat_map(|step| [(step, false), (step, true)]);
    let prepared = wanted.map(|((way, link, prefix), committed)| prepare(env, way, link, prefix, committed));
    let mut held: Vec<Held> = stream::iter(prepared).buffer_unordered(AT_ONCE).collect().await;
    join_all(held.iter_mut().map(|held| held.launch(env))).await;
    join_all(held.iter().map(|held| held.gate.held())).await;
    held
}

/// Checks that each voiding reaches the same end as if nothing had happened, and that each command took effect once.
pub(super) async fn end_well(env: &Env, held: &[Held]) {
    for held in held {
        held.acknowledge(env).await;
    }
    for held in held {
        held.ends_well(env).await;
    }
}

/// Drives a voiding to the point where the next action leads to the command, and holds the command.
async fn prepare(env: &Env, way: Way, link: Link, prefix: &'static str, committed: bool) -> Held {
    let at_the_end = way == Way::Failed && prefix == CLOSE;
    let document = if at_the_end { env.refused_marking().await.0 } else { env.issue_reported().await };
    if way == Way::Compensated {
        env.refused_completion(&document.document_id).await;
    }
    if matches!(way, Way::Failed | Way::AbortRefused) && !at_the_end {
        let _ = env.reports().publish(&document.customer_id).await.ok();
    }
    let Document { document_id: id, .. } = document;
    if way == Way::AbortRefused {
        env.proxy(Link::WorkerToBilling).about(&id).refuse_times(1, ABORT, 409, "unheard-of");
        let _ = env.api().post_voiding(&id).await.ok_as(202);
        env.refused(&id, "AbortDocumentVoiding", "unheard-of").await;
        let _ = env.acknowledge(&id).await.ok_as(202);
    }
    let proxy = env.proxy(link).about(&id);
    let gate = if committed { proxy.hold_answer(prefix) } else { proxy.hold(prefix) };
    let name = format!("{way:?}, {} {prefix}", if committed { "after" } else { "before" });
    Held { id, name, way, link, prefix, needs_acknowledgement: way == Way::Failed, gate }
}

impl Held {
    async fn launch(&mut self, env: &Env) {
        match self.way {
            Way::ByHand => {
                let input = json!({"document_id": self.id});
                env.temporal().start(&workflow_id(&self.id), &[input]).await.unwrap();
            }
            Way::Failed if self.prefix == CLOSE => {
                self.needs_acknowledgement = false;
                let _ = env.acknowledge(&self.id).await.ok_as(202);
            }
            Way::AbortRefused => drop(env.api().retry(&self.id).await.ok_as(202)),
            Way::Compensated => drop(env.acknowledge(&self.id).await.ok_as(202)),
            Way::Voided | Way::Failed => drop(env.api().post_voiding(&self.id).await.ok_as(202)),
        }
    }

    /// Waits until the local attempt is over and a durable one is held.
    pub(super) async fn durable(&self, env: &Env) {
        tests::eventually(&self.name, async || {
            let attempts = env.commands(self.link, &self.id, self.prefix).len();
            if attempts > 1 { Ok(()) } else { Err(attempts) }
        })
        .await;
    }

    /// Lets the held request arrive only now, and late.
    pub(super) fn release(&self) {
        self.gate.open();
    }

    async fn acknowledge(&self, env: &Env) {
        if self.needs_acknowledgement {
            let waits = |voiding: &Voiding| voiding.links.get("acknowledgement").is_some();
            env.until(&self.id, &self.name, waits).await;
            let _ = env.acknowledge(&self.id).await.ok_as(202);
        }
    }

    async fn ends_well(&self, env: &Env) {
        let (state, expected) = match self.way {
            Way::ByHand | Way::Voided => (VoidingState::DocumentVoided, VOIDED),
            Way::Failed | Way::AbortRefused => (VoidingState::FailureAcknowledged, ACKNOWLEDGED),
            Way::Compensated => (VoidingState::FailureAcknowledged, COMPENSATED),
        };
        let ended = env.in_state(&self.id, state).await;
        assert_eq!(ended.incident, None, "{}", self.name);
        assert_eq!(env.events(&self.id).await, expected, "{}", self.name);
    }
}
