//! Pages update without a reload.

use messages::voiding::VoidingState;
use tests::{Fault, Link, sample};

use super::on_the_console;
use super::page_of;

const MARK: &str = "window.sameDocument = true; return true";
const IS_MARKED: &str = "return window.sameDocument === true";

#[tokio::test]
async fn a_document_is_issued_and_voided_and_shows_it_without_a_reload() {
    let Some((env, browser)) = on_the_console("issue and void").await else { return };
    let (id, customer) = (sample::document_id(), sample::customer_id());
    browser.open("/reports").await;
    browser.eval(MARK).await;
    browser.click(".issue-box summary").await;
    browser.fill(".issue [name=customer_id]", customer.as_str()).await;
    browser.fill(".issue [name=amount]", "99.95").await;
    browser.fill(".issue [name=document_id]", id.as_str()).await;
    browser.click(".issue button[type=submit]").await;
    browser.says("#notices", &format!("{id} is issued")).await;
    let row = format!("#document-{id}");
    browser.says(&row, "99.95 EUR").await;
    browser.says(&row, "No. 1, open").await;
    browser.click(&format!("{row} form[action='/console/void'] button")).await;
    browser.says(&format!("{row} .badge.document-voided"), "Voided").await;
    browser.says(&row, "voided already").await;
    browser.says(".report .total", "0").await;
    assert_eq!(browser.eval(IS_MARKED).await, true, "the page was never loaded again");
    env.in_state(&id, VoidingState::DocumentVoided).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_process_page_follows_its_process() {
    let Some((env, browser)) = on_the_console("a process's page").await else { return };
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let proxy = env.proxy(Link::WorkerToBilling);
    proxy.fault("/commands/complete-document-voiding", Fault::status(503));
    env.api().post_voiding(id).await.ok_as(202);
    browser.open(&page_of(id)).await;
    browser.eval(MARK).await;
    browser.says(".timeline", "Complete document voiding is retried: attempt").await;
    browser.says(".summary", "Marked").await;
    assert!(browser.is_there(".diagram .node.here.marking-document-as-voided-succeeded").await);
    proxy.heal();
    browser.says(".summary", "Voided").await;
    browser.find(".diagram .node.here.document-voided").await;
    browser.says(".timeline", "Billing voided the document").await;
    browser.says(".timeline", "Complete document voiding was answered at attempt").await;
    assert_eq!(browser.eval(IS_MARKED).await, true, "the page was never loaded again");
}

#[tokio::test]
async fn the_list_follows_processes_that_come_and_go() {
    let Some((env, browser)) = on_the_console("the list of processes").await else { return };
    browser.open("/").await;
    browser.says(".empty", "No document has been voided yet").await;
    let proxy = env.proxy(Link::WorkerToReports);
    proxy.fault("/commands/mark-document-as-voided", Fault::status(503));
    let document = env.issue_reported().await;
    let id = &document.document_id;
    env.api().post_voiding(id).await.ok_as(202);
    browser.says(&format!("#process-{id}"), "Requested").await;
    browser.says("#tile-running .number", "1").await;
    proxy.heal();
    browser.gone(&format!("#process-{id}")).await;
    browser.says("#tile-voided .number", "1").await;
    browser.says(".empty", "Nothing is under way").await;
}
