//! Without JavaScript every action works as a plain form.

use messages::voiding::VoidingState;
use tests::{Component, eventually, sample};

use super::Browser;
use super::on_the_console;
use super::page_of;

#[tokio::test]
async fn without_javascript_a_document_is_issued_published_voided_and_its_failure_acknowledged() {
    let Some((env, scripted)) = on_the_console("no script").await else { return };
    drop(scripted);
    let browser = Browser::without_javascript(&env.url(Component::Api)).await;
    let (id, customer) = (sample::document_id(), sample::customer_id());
    browser.open("/reports").await;
    browser.click(".issue-box summary").await;
    browser.fill(".issue [name=customer_id]", customer.as_str()).await;
    browser.fill(".issue [name=amount]", "10.00").await;
    browser.fill(".issue [name=document_id]", id.as_str()).await;
    browser.click(".issue button[type=submit]").await;
    browser.says("#notices", &format!("{id} is issued")).await;
    env.await_reported().await;
    let page = format!("/reports?customer_id={customer}");
    browser.open(&page).await;
    assert!(!browser.is_there("#notices .notice").await, "a notice is shown once");
    browser.click("form[action='/console/publish'] button").await;
    browser.says("#notices", "is published").await;
    assert_eq!(browser.path().await, page);
    browser.click(&format!("#document-{id} form[action='/console/void'] button")).await;
    env.in_state(&id, VoidingState::MarkingDocumentAsVoidedFailed).await;
    browser.open(&page_of(&id)).await;
    browser.says(".advice", "Reports refused").await;
    browser.click(".advice summary").await;
    browser.fill("[name=note]", "by hand").await;
    browser.click("form[action='/console/acknowledge'] button").await;
    browser.says("#notices", "is acknowledged").await;
    let voiding = env.in_state(&id, VoidingState::FailureAcknowledged).await;
    assert_eq!(voiding.acknowledgement.unwrap().note.as_deref(), Some("by hand"));
    // Temporal's lists lag.
    eventually("the process is gone from the list", async || {
        browser.open("/").await;
        if browser.is_there(&format!("#process-{id}")).await { Err("it is there") } else { Ok(()) }
    })
    .await;
}
