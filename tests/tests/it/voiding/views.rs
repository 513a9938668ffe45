//! V5: REST, query, search attribute and list show the same state, in every state.

use crate::start;
use messages::{
    DocumentId,
    voiding::{
        VoidingState::{
            self, DocumentVoided, FailureAcknowledged, MarkingDocumentAsVoidedFailed, MarkingDocumentAsVoidedSucceeded,
            VoidingRequested,
        },
        VoidingView,
    },
};
use serde_json::{Value, json};
use tests::attribute;
use tests::{Env, Fault, Link, calls::Voiding, eventually};

fn view(voiding: &Voiding) -> VoidingView {
    let voiding = voiding.clone();
    VoidingView {
        state: voiding.state,
        process_id: voiding.process_id,
        document_id: voiding.document_id,
        customer_id: voiding.customer_id,
        failure: voiding.failure,
        incident: voiding.incident,
        acknowledgement: voiding.acknowledgement,
        steps: voiding.steps,
    }
}

async fn assert_all_tell(env: &Env, id: &DocumentId, state: VoidingState) {
    let _ = env.in_state(id, state).await;
    // Before its first workflow task is done a run has published nothing yet, and REST relies on its start. Nor may an
    // incident have appeared between the answers.
    let (voiding, run) = eventually("REST and query agree", async || {
        let (told, voiding) = (env.temporal().query_state(id).await.unwrap(), env.api().voiding(id).await.ok());
        let run = env.temporal().describe(id).await.unwrap();
        let after = env.api().voiding(id).await.ok();
        if told == view(&voiding) && voiding == after { Ok((voiding, run)) } else { Err((told, voiding, after)) }
    })
    .await;
    assert_eq!(voiding.state, state);
    let told = ["VoidingState", "DocumentId", "ProcessId", "CustomerId", "Incident"].map(|name| attribute(&run, name));
    let text = |text: &dyn ToString| Value::String(text.to_string());
    let (process, customer) = (voiding.process_id.as_ref().unwrap(), voiding.customer_id.as_ref().unwrap());
    let incident = json!(voiding.incident.is_some());
    assert_eq!(told, [text(&state), text(&id), text(&process), text(&customer), incident]);

    let query = format!("VoidingState = '{state}' AND DocumentId = '{id}'");
    eventually("the visibility store tells the same", async || {
        let found = env.temporal().list(&query).await.len();
        if found == 1 { Ok(()) } else { Err(found) }
    })
    .await;
    eventually("the list tells the same", async || {
        let listed = env.api().voidings(&format!("?state={state}&customer_id={customer}")).await.ok().items;
        let voiding = env.api().voiding(id).await.ok();
        let same = listed.iter().map(view).collect::<Vec<_>>() == [view(&voiding)];
        if same { Ok(()) } else { Err((listed, voiding)) }
    })
    .await;
}

#[tokio::test]
async fn rest_query_and_search_attribute_tell_the_same_on_the_way_to_document_voided() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.proxy(Link::WorkerToReports).fault("/commands/mark-", Fault::status(500));
    env.proxy(Link::WorkerToBilling).fault("/commands/complete-", Fault::status(500));
    let _ = env.api().post_voiding(&id).await.ok_as(202);
    assert_all_tell(&env, &id, VoidingRequested).await;
    env.proxy(Link::WorkerToReports).heal();
    assert_all_tell(&env, &id, MarkingDocumentAsVoidedSucceeded).await;
    env.proxy(Link::WorkerToBilling).heal();
    assert_all_tell(&env, &id, DocumentVoided).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn rest_query_and_search_attribute_tell_the_same_on_the_way_to_failure_acknowledged() {
    let env = start().await;
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    assert_all_tell(&env, id, MarkingDocumentAsVoidedFailed).await;
    let _ = env.acknowledged(id).await;
    assert_all_tell(&env, id, FailureAcknowledged).await;
}

#[tokio::test]
async fn rest_query_and_search_attribute_tell_of_the_same_incident() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.refused_completion(&id).await;
    assert_all_tell(&env, &id, MarkingDocumentAsVoidedSucceeded).await;
    let _ = env.api().retry(&id).await.ok_as(202);
    assert_all_tell(&env, &id, DocumentVoided).await;
    env.assert_consistent().await;
}
