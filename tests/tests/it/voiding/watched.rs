//! `SLOW_DOWN=1`: an operator can watch.

use messages::voiding::VoidingState;
use tests::voiding::VOIDED;
use tests::{Component, Env, binaries};

#[tokio::test]
async fn slowed_down_a_voiding_passes_through_visible_steps_and_completes() {
    let env = Env::builder(binaries!()).variable(Component::Worker, "SLOW_DOWN", "1").start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let _ = env.api().post_voiding(id).await.ok_as(202);
    let way =
        [VoidingState::VoidingRequested, VoidingState::MarkingDocumentAsVoidedSucceeded, VoidingState::DocumentVoided];
    // The steps show how long each state was visible: a busy machine may look too late.
    let voided = env.in_state(id, VoidingState::DocumentVoided).await;
    assert_eq!(voided.incident, None);
    let steps = voided.steps;
    assert_eq!(steps.iter().map(|step| step.state).collect::<Vec<_>>(), way);
    for (step, next) in steps.iter().zip(&steps[1..]) {
        assert!((next.at - step.at).num_seconds() >= 2, "{steps:?}");
    }
    assert_eq!(env.events(id).await, VOIDED);
    env.assert_consistent().await;
}
