//! The pages say what is true: what needs an operator, what is retried, and the outcome of a process.

use messages::accounts::TransferStatus;
use tests::{Component, Env, binaries};

use super::{
    Browser, on_the_console,
    transfers::{Bank, TOO_MUCH, page_of, row},
};

#[tokio::test]
async fn a_failed_and_a_returned_transfer_say_so_in_the_list_the_numbers_and_their_pages() {
    let Some(bank) = Bank::start("outcomes of transfers").await else { return };
    let browser = &bank.browser;
    let completed = bank.request("100").await;
    bank.becomes(&completed, TransferStatus::Completed).await;
    let failed = bank.request(TOO_MUCH).await;
    bank.becomes(&failed, TransferStatus::Failed).await;
    bank.env.accounts().close(&bank.to).await.ok();
    let returned = bank.request("1").await;
    bank.becomes(&returned, TransferStatus::Returned).await;
    browser.open("/transfers?show=all").await;
    for (id, word, class) in
        [(&completed, "Completed", "done"), (&failed, "Failed", "unsuccessful"), (&returned, "Returned", "reverted")]
    {
        browser.says(&format!("{} .badge.{class}", row(id)), word).await;
        browser.says(&format!("#tile-{} .number", word.to_lowercase()), "1").await;
    }
    browser.says(&row(&failed), "the account has less than").await;
    browser.click("#tile-returned").await;
    browser.says(&row(&returned), "Returned").await;
    assert!(!browser.is_there(&row(&completed)).await, "the number leads to what it counts");
    browser.open(&page_of(&failed)).await;
    browser.says(".summary", "Failed").await;
    let outcome = bank.env.temporal().list("WorkflowType = 'TransferMoney' AND Outcome = 'failed'").await;
    assert_eq!(outcome.len(), 1, "Temporal's own lists can be searched by it");
}

#[tokio::test]
async fn processes_that_need_attention_are_one_number_apart_from_retried_ones() {
    let Some(bank) = Bank::start("what needs attention").await else { return };
    let (env, browser) = (&bank.env, &bank.browser);
    let document = env.issue_reported().await.document_id;
    env.refused_completion(&document).await;
    let (parked, stuck) = (bank.parked().await, bank.stuck().await);
    browser.open("/").await;
    browser.says("#tile-attention .number", "2").await;
    browser.says("#tile-retrying .number", "1").await;
    browser.click("#tile-attention").await;
    browser.says(&format!("#process-{document}"), "Needs attention").await;
    browser.says(&row(&parked), "Needs attention").await;
    assert!(!browser.is_there(&row(&stuck)).await, "it is retried automatically");
    let colour = |css: &str| format!("return getComputedStyle(document.querySelector(`{css}`)).color");
    let needs = browser.eval(&colour(&format!("{} .badge", row(&parked)))).await;
    assert_eq!(needs, browser.eval(&colour(&format!("#process-{document} .badge.parked"))).await);
    browser.click("#tile-retrying").await;
    browser.says(&row(&stuck), "Retrying").await;
    assert_ne!(
        needs,
        browser.eval(&colour(&format!("{} .badge", row(&stuck)))).await,
        "only what needs somebody is red"
    );
    // What can be retried is retried; giving up is the alternative, and says what it does.
    browser.open(&page_of(&parked)).await;
    browser.says(".advice form[action='/console/instance/retry'] button.primary", "Retry").await;
    browser.click(".advice summary.danger").await;
    browser.says(".advice .acknowledge", "Nothing is undone").await;
}

#[tokio::test]
async fn while_temporal_is_unavailable_no_row_promises_anything() {
    if !Browser::is_installed() {
        on_the_console("rows without Temporal").await;
        return;
    }
    let env = Env::builder(binaries!()).own_temporal().start().await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    let (document, _) = env.refused_marking().await;
    let row = format!("#process-{}", document.document_id);
    browser.open("/").await;
    browser.says(&row, "Acknowledge").await;
    env.kill(Component::Temporal).await;
    browser.says(&row, "no action is possible now").await;
    browser.says(".banner[role=alert]:not([hidden])", "which of them need attention is not known").await;
    let text = browser.find(&row).await.text().await.unwrap();
    assert!(!text.contains("running") && !text.contains("no action needed"), "{text}");
}
