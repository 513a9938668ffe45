//! Processes that wait for an operator: a failure is acknowledged, a refused completion is retried.

use messages::voiding::VoidingState;
use tests::Link;

use super::on_the_console;
use super::page_of;

#[tokio::test]
async fn a_refused_voiding_is_seen_acknowledged_with_a_note_and_gone() {
    let Some((env, browser)) = on_the_console("acknowledgement").await else { return };
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    browser.open(&format!("/reports?customer_id={customer}")).await;
    browser.click("form[action='/console/publish'] button").await;
    browser.says("#notices", "report No. 1").await;
    let row = format!("#document-{id}");
    browser.says(&row, "Already published – cannot be voided").await;
    browser.click(&format!("{row} form[action='/console/void'] button")).await;
    browser.says(&format!("{row} .badge"), "Refused").await;

    browser.open("/").await;
    let row = format!("#process-{id}");
    browser.says(&row, "report-published").await;
    browser.says("#tile-attention .number", "1").await;
    browser.click(&format!("{row} summary")).await;
    browser.fill(&format!("{row} [name=acknowledged_by]"), "alex").await;
    browser.fill(&format!("{row} [name=note]"), "told the customer").await;
    browser.click(&format!("{row} form[action='/console/acknowledge'] button")).await;
    browser.says("#notices", "is acknowledged").await;
    browser.gone(&row).await;
    browser.says("#tile-attention .number", "0").await;

    let voiding = env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(voiding.acknowledgement.unwrap().note.as_deref(), Some("told the customer"));
    browser.open(&page_of(id)).await;
    browser.says(".timeline", "told the customer").await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_refused_completion_is_retried_from_its_page() {
    let Some((env, browser)) = on_the_console("retry").await else { return };
    let document = env.issue_reported().await;
    let id = &document.document_id;
    env.refused_completion(id).await;
    browser.open("/?incident=true").await;
    browser.says(&format!("#process-{id}"), "Needs attention").await;
    browser.says("#tile-attention .number", "1").await;
    browser.click(&format!("#process-{id} td a")).await;
    browser.says(".advice", "was refused").await;
    browser.says(".cli", "temporal workflow signal").await;
    browser.click("form[action='/console/retry'] button").await;
    browser.says(".summary", "Voided").await;
    browser.gone(".advice").await;
}

#[tokio::test]
async fn a_refused_action_says_why() {
    let Some((env, browser)) = on_the_console("refusals").await else { return };
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let held = env.proxy(Link::ApiToBilling).hold("/commands/void-document");
    browser.open(&format!("/reports?customer_id={customer}")).await;
    let form = format!("#document-{id} form[action='/console/void']");
    browser.click(&format!("{form} button")).await;
    held.held().await;
    // Somebody else is faster.
    let process = env.billing().void(id).await.ok().process_id;
    env.reports().mark(id, customer, &process).await.ok();
    env.billing().complete(id, &process).await.ok();
    held.open();
    browser.says(&format!("#document-{id}"), "voided already").await;
    browser.click(".issue-box summary").await;
    browser.fill(".issue [name=amount]", "1.234").await;
    browser.click(".issue button[type=submit]").await;
    browser.says("#notices", "amount has more decimals than its currency").await;
}
