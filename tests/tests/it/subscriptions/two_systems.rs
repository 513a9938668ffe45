//! Two systems in one namespace: the second one says so, and runs nothing.

use crate::start;
use messages::{billing::DocumentStatus, voiding::VoidingState::DocumentVoided};
use serde_json::Value;
use tests::{Component, Env, Link, binaries, eventually};

use super::Subscription;

/// Waits until a component is not ready because the namespace belongs to another system.
async fn says_whose_it_is(env: &Env, component: Component) {
    let url = env.url(component);
    let target = tests::calls::Target::new(url);
    eventually("it says that the namespace is another system's", async || {
        let answer = target.get::<Value>("/readyz").await;
        if answer.answered(503) && answer.problem().detail.contains("belongs to another system") {
            Ok(())
        } else {
            Err(answer.to_string())
        }
    })
    .await;
    assert!(env.log(component).contains("TEMPORAL_NAMESPACE"), "the log says what to do");
}

#[tokio::test]
async fn a_second_system_on_the_namespace_of_another_says_so_and_touches_neither() {
    let first = start().await;
    let voided = first.issue_reported().await.document_id;
    assert_eq!(first.api().post_voiding_to_its_end(&voided).await.ok_as(200).state, DocumentVoided);
    Subscription(&first).await_caught_up().await;

    // Its own namespace may be on another server.
    let (address, namespace) = (first.temporal().address(), first.temporal().namespace());
    let second =
        [Component::Worker, Component::Api].into_iter().fold(Env::builder(binaries!()), |builder, component| {
            let builder = builder.later(component).variable(component, "TEMPORAL_ADDRESS", address);
            builder.variable(component, "TEMPORAL_NAMESPACE", namespace)
        });
    let second = second.start().await;
    let id = second.issue_reported().await.document_id;
    for component in [Component::Worker, Component::Api] {
        second.start(component).await;
        says_whose_it_is(&second, component).await;
    }
    assert_eq!(second.api().post_voiding(&id).await.refusal(), (503, "not-ready".to_owned()));
    assert_eq!(second.billing().status(&id).await, DocumentStatus::Issued);
    assert!(second.proxy(Link::WorkerToBilling).requests_to("/commands/").is_empty());

    let goes_on = first.issue_reported().await.document_id;
    assert_eq!(first.api().post_voiding_to_its_end(&goes_on).await.ok_as(200).state, DocumentVoided);
    assert_eq!(Subscription(&first).state().await.unwrap()["status"], "following");

    // The first system is gone for good, and its subscription with it.
    first.stop(Component::Worker).await;
    Subscription(&first).terminate().await;
    second.ready(Component::Worker).await;
    second.ready(Component::Api).await;
    assert_eq!(second.api().post_voiding_to_its_end(&id).await.ok_as(200).state, DocumentVoided);
}
