//! Confirmations of contracts: overdue ones, and the buttons that extend, remind and terminate.

use messages::{ContractId, contracts::ContractStatus};
use tests::{Component, Env, binaries};

use super::{Browser, transfers::shown_in_the_end};

const INSTRUCT: &str = "form[action='/console/instance/instruct']";
const REMIND: &str = "form:has([value=RemindNow]) button";
const TERMINATE: &str = "details:has([value=Terminate])";

/// Starts a system with Contracts, in which a confirmation is overdue after this time. Returns `None` like
/// [`super::on_the_console`].
async fn start(test: &str, confirm_within: &str) -> Option<Env> {
    if !Browser::is_installed() {
        super::on_the_console(test).await;
        return None;
    }
    let env = Env::builder(binaries!()).contracts();
    Some(env.variable(Component::Worker, "CONFIRM_WITHIN", confirm_within).start().await)
}

fn page_of(contract: &ContractId) -> String {
    format!("/confirmations/{contract}")
}

#[tokio::test]
async fn an_overdue_confirmation_is_counted_found_and_extended() {
    let Some(env) = start("an overdue confirmation", "1s").await else { return };
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open("/confirmations").await;
    browser.says(".empty", "No confirmations yet").await;
    let revoked = env.revoked_contract().await;
    let row = format!("tr[data-process='{}']", revoked.contract);
    browser.says(&row, "Needs attention").await;
    browser.says(&row, "Overdue: overdue not confirmed in time").await;
    browser.says("#tile-attention .number", "1").await;
    browser.open("/").await;
    browser.says("#tile-attention .number", "1").await;
    browser.says(".elsewhere", "1 more needs attention in Confirmations").await;
    browser.open("/attention").await;
    browser.click(&format!("{row} a")).await;
    assert_eq!(browser.path().await, page_of(&revoked.contract));

    browser.says(".summary", "Waiting for an operator; it goes on meanwhile").await;
    browser.says(".advice", "Action needed: Overdue").await;
    for fact in
        [revoked.customer.as_str(), revoked.change.as_str(), "the signature", "Deadline passed", "Next reminder"]
    {
        browser.says(".facts", fact).await;
    }
    browser.fill("[name=by]", "soon").await;
    browser.click("form:has([name=by]) button").await;
    browser.says("#notices .refused", "it must be a time such as 7d").await;
    browser.fill("[name=by]", "7d").await;
    browser.click("form:has([name=by]) button").await;
    browser.says("#notices", "the deadline moves").await;
    browser.gone(".advice").await;
    browser.says(".summary", "Running normally").await;
    browser.says(".facts", "Deadline").await;
    browser.says(".timeline", "An operator sent the instruction ExtendDeadline").await;
    let contract = env.confirmation_becomes(&revoked.contract, "extended", |it| !it.is_overdue).await;
    assert_eq!(contract.reminders, 0);
}

#[tokio::test]
async fn a_customer_is_reminded_and_a_contract_is_terminated_once_it_was_asked_again() {
    let Some(env) = start("terminating a contract", "7d").await else { return };
    let revoked = env.revoked_contract().await;
    env.confirmation_becomes(&revoked.contract, "begun", |_| true).await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open(&page_of(&revoked.contract)).await;
    browser.click(REMIND).await;
    browser.says("#notices", "the customer is reminded").await;
    browser.says(".facts", "Reminders sent\n1").await;
    browser.says(".timeline", "Remind customer was accepted").await;
    browser.click(&format!("{TERMINATE} summary")).await;
    browser.says(TERMINATE, "This cannot be taken back").await;
    assert_eq!(env.contracts().contract(&revoked.contract).await.ok().status, ContractStatus::Pending);
    browser.click(&format!("{TERMINATE} button")).await;
    browser.says("#notices", "the contract is being terminated").await;
    browser.says(".summary", "Terminated").await;
    browser.gone(INSTRUCT).await;
    assert_eq!(env.contracts().contract(&revoked.contract).await.ok().status, ContractStatus::Terminated);
    browser.open("/confirmations?show=terminated").await;
    browser.says(&format!("tr[data-process='{}']", revoked.contract), "Terminated").await;
}

#[tokio::test]
async fn without_javascript_the_deadline_moves_the_customer_is_reminded_and_the_contract_is_terminated() {
    let Some(env) = start("confirmations without script", "1s").await else { return };
    let revoked = env.revoked_contract().await;
    env.confirmation_needs_attention(&revoked.contract, true).await;
    let page = page_of(&revoked.contract);
    let browser = Browser::without_javascript(&env.url(Component::Api)).await;
    browser.open(&page).await;
    browser.fill("[name=by]", "soon").await;
    browser.click("form:has([name=by]) button").await;
    browser.says(".result", "it must be a time such as 7d").await;
    browser.fill("[name=by]", "7d").await;
    browser.click("form:has([name=by]) button").await;
    browser.says("#notices", "the deadline moves").await;
    shown_in_the_end(&browser, &page, ".summary", "Running normally").await;
    browser.click(REMIND).await;
    shown_in_the_end(&browser, &page, ".facts", "Reminders sent\n1").await;
    browser.click(&format!("{TERMINATE} summary")).await;
    browser.click(&format!("{TERMINATE} button")).await;
    shown_in_the_end(&browser, &page, ".summary", "Terminated").await;
}
