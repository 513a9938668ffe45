//! While a program is unavailable, the pages say so, show the remaining data, and recover.

use tests::{Component, Env, binaries, eventually};

use super::Browser;
use super::page_of;

async fn system(test: &str) -> Option<(Env, Browser)> {
    if !Browser::is_installed() {
        return super::on_the_console(test).await;
    }
    let env = Env::builder(binaries!()).own_temporal().start().await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    Some((env, browser))
}

#[tokio::test]
async fn while_temporal_is_unavailable_the_pages_show_what_billing_knows_and_recover() {
    let Some((env, browser)) = system("Temporal unavailable").await else { return };
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    browser.open("/").await;
    browser.says(&format!("#process-{id}"), "report-published").await;
    browser.says("#tile-attention .number", "1").await;
    env.kill(Component::Temporal).await;
    browser.says(".banner[role=alert]:not([hidden])", "Temporal does not answer").await;
    browser.says(&format!("#process-{id}"), "Refused").await;
    // The last known numbers, and their time.
    browser.says(".as-of", " UTC").await;
    browser.says(".tiles.last-known #tile-attention .number", "1").await;
    env.start(Component::Temporal).await;
    browser.gone("#live .banner").await;
    browser.gone(".as-of").await;
    browser.says(&format!("#process-{id}"), "report-published").await;
}

#[tokio::test]
async fn while_billing_or_reports_is_unavailable_the_documents_page_shows_the_rest_and_recovers() {
    let Some((env, browser)) = super::on_the_console("services unavailable").await else { return };
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    browser.open("/reports").await;
    browser.says(&format!("#document-{id}"), "No. 1, published").await;
    for (component, banner) in
        [(Component::Billing, "Billing does not answer"), (Component::Reports, "Reports does not answer")]
    {
        env.kill(component).await;
        browser.says("#live .banner", banner).await;
        browser.find(&format!("#document-{id}")).await;
        env.start(component).await;
        browser.gone("#live .banner").await;
        browser.says(&format!("#document-{id}"), "No. 1, published").await;
    }
}

#[tokio::test]
async fn a_page_reconnects_to_an_api_that_was_unavailable() {
    let Some((env, browser)) = super::on_the_console("the api unavailable").await else { return };
    let (document, _) = env.refused_marking().await;
    browser.open(&page_of(&document.document_id)).await;
    browser.says(".summary", "Refused").await;
    env.kill(Component::Api).await;
    browser.find("#connection").await;
    env.start(Component::Api).await;
    let body = serde_json::json!({});
    env.ready(Component::Api).await;
    env.api().acknowledge(&document.document_id, &body).await.ok_as(202);
    browser.says(".summary", "Acknowledged").await;
    eventually("nothing is unavailable any more", async || {
        let text = browser.find("#main").await.text().await.map_err(|error| error.to_string())?;
        if text.contains("does not answer") { Err(text) } else { Ok(()) }
    })
    .await;
}
