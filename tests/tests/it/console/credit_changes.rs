//! Credit changes: where their contracts are, and the buttons that pause, resume, retry, limit and cancel.

use messages::{
    ContractId, CustomerId, PROBLEM_MEDIA_TYPE,
    contracts::{ContractStatus, CreditRating},
};
use serde_json::json;
use tests::{Component, Env, Fault, Link, binaries};

use super::{Browser, transfers::shown_in_the_end};

const REVOKE: &str = "/commands/revoke-";
const PAUSE: &str = "form:has([value=pause]) button";
const RESUME: &str = "form:has([value=resume]) button";
const RETRY: &str = "form:has([name=steer][value=retry]) button";
const SET_LIMITS: &str = "form:has([value=limits]) button";
const CANCEL: &str = "details:has([value=Cancel])";
const MARK: &str = "window.sameDocument = true; return true";
const IS_MARKED: &str = "return window.sameDocument === true";

/// Starts a whole system with Contracts, in which a confirmation is overdue after this time. Returns `None` like
/// [`super::on_the_console`].
async fn start(test: &str, confirm_within: &str) -> Option<Env> {
    if !Browser::is_installed() {
        super::on_the_console(test).await;
        return None;
    }
    let env = Env::builder(binaries!()).contracts();
    Some(env.variable(Component::Worker, "CONFIRM_WITHIN", confirm_within).start().await)
}

fn page_of(customer: &CustomerId) -> String {
    format!("/changes/{customer}")
}

fn row(contract: &ContractId) -> String {
    format!("tr[data-contract='{contract}']")
}

async fn revoked(env: &Env, contracts: usize) -> (CustomerId, Vec<ContractId>) {
    let (customer, contracts) = env.customer_with_contracts(contracts).await;
    let _ = env.change_rating(&customer, CreditRating::B).await;
    let count = contracts.len();
    env.credit_change_becomes(&customer, "counted", |state| state["contracts"]["pending"] == count).await;
    (customer, contracts)
}

/// Creates a customer with one refused contract, so that the batch has paused itself.
pub(super) async fn refused(env: &Env, code: &str, detail: &str) -> (CustomerId, Vec<ContractId>) {
    let (customer, contracts) = env.customer_with_contracts(2).await;
    let problem = json!({"type": "x", "title": "x", "status": 409, "code": code, "detail": detail}).to_string();
    let fault = Fault::Answer { status: 409, content_type: PROBLEM_MEDIA_TYPE.to_owned(), body: problem };
    env.proxy(Link::WorkerToContracts).about(&contracts[0]).fault(REVOKE, fault);
    let _ = env.change_rating(&customer, CreditRating::B).await;
    env.credit_change_becomes(&customer, "paused", |state| state["batch"]["status"] == "paused").await;
    (customer, contracts)
}

#[tokio::test]
async fn the_page_of_a_credit_change_follows_its_contracts_until_each_is_confirmed() {
    let Some(env) = start("the progress of a credit change", "7d").await else { return };
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open("/changes").await;
    browser.says(".empty", "No credit changes yet").await;
    let (customer, contracts) = revoked(&env, 3).await;
    browser.click(&format!("tr[data-process='{customer}'] a")).await;
    assert_eq!(browser.path().await, page_of(&customer));
    browser.eval(MARK).await;
    browser.says(".tally", "0 of 3 contracts are dealt with, 3 missing.").await;
    browser.says(".breakdown .missing", "Pending or signed 3").await;
    browser.says(".facts", "A → B").await;
    browser.says(&row(&contracts[0]), "Pending").await;
    let _ = env.contracts().sign(&contracts[0]).await.ok();
    browser.says(&row(&contracts[0]), "Signed").await;
    let _ = env.contracts().reconfirm(&contracts[0]).await.ok();
    browser.says(".breakdown .confirmed", "Confirmed 1").await;
    browser.says(".tally", "1 of 3 contracts are dealt with, 2 missing.").await;
    browser.gone(&row(&contracts[0])).await;
    let bar = "return document.querySelector('[role=progressbar]').getAttribute('aria-valuenow')";
    assert_eq!(browser.eval(bar).await, "1");
    env.sign_and_confirm(&contracts[1]).await;
    let _ = env.contracts().terminate(&contracts[2]).await.ok();
    browser.says(".tally", "3 of 3 contracts are dealt with, 0 missing.").await;
    browser.says(".breakdown .terminated", "Terminated 1").await;
    env.credit_change_ends(&customer, "completed").await;
    browser.says(".summary", "Completed").await;
    assert_eq!(browser.eval(IS_MARKED).await, true, "the page was never loaded again");
}

#[tokio::test]
async fn contracts_whose_deadline_has_passed_come_first_and_lead_to_their_confirmations() {
    let Some(env) = start("overdue contracts of a credit change", "1s").await else { return };
    let (customer, contracts) = revoked(&env, 2).await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open(&page_of(&customer)).await;
    browser.says(".tally", "2 missing (2 overdue)").await;
    browser.says(&row(&contracts[0]), "Overdue").await;
    browser.says(&row(&contracts[0]), "passed").await;
    browser.click(&format!("{} a", row(&contracts[1]))).await;
    assert_eq!(browser.path().await, format!("/confirmations/{}", contracts[1]));
    browser.fill("[name=by]", "7d").await;
    browser.click("form:has([name=by]) button").await;
    browser.gone(".advice").await;
    browser.open(&page_of(&customer)).await;
    browser.says(".tally", "2 missing (1 overdue)").await;
    browser.says("tbody tr:first-child", "Overdue").await;
    browser.says(&row(&contracts[1]), "not passed").await;
    assert!(browser.is_there(&format!("tbody tr:first-child{}", row(&contracts[0]).trim_start_matches("tr"))).await);
}

#[tokio::test]
async fn a_batch_that_is_held_up_says_why_and_is_paused_limited_and_resumed() {
    let Some(env) = start("steering a credit change", "7d").await else { return };
    let proxy = env.proxy(Link::WorkerToContracts);
    proxy.fault(REVOKE, Fault::status(503));
    let (customer, _) = env.customer_with_contracts(3).await;
    let _ = env.change_rating(&customer, CreditRating::B).await;
    env.credit_change_becomes(&customer, "begun", |state| state["state"] == "revoking").await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open(&page_of(&customer)).await;
    browser.says(".tally", "0 of 3 contracts are dealt with, 0 missing.").await;
    browser.says(".breakdown .untouched", "Not revoked yet 3").await;
    browser.says(".affected .facts", "Retried now").await;
    browser.says(".affected .facts", "503").await;
    browser.click(PAUSE).await;
    browser.says("#notices", "nothing new is begun").await;
    browser.says(".affected .facts", "by an operator").await;
    for (field, text, why) in [
        ("in_flight", "301", "in_flight must be 1 to 300"),
        ("per_second", "fast", "per_second must be 0 (no limit) or 0.01 to 1000"),
        ("tolerated", "101%", "tolerated must be a number of items, or a share from 0% to 100%"),
    ] {
        browser.fill(&format!("[name={field}]"), text).await;
        browser.click(SET_LIMITS).await;
        browser.says("#notices .refused:last-child", why).await;
        browser.fill(&format!("[name={field}]"), "2").await;
    }
    browser.click(SET_LIMITS).await;
    browser.says("#notices .done:last-child", "the limits change").await;
    browser.says(".affected .facts", "at most 2 in flight, 2 a second, 2 refused").await;
    proxy.heal();
    browser.click(RESUME).await;
    browser.says(".breakdown .missing", "Pending or signed 3").await;
    browser.gone(".steering").await;
    browser.says(".facts", "waits until each contract is confirmed").await;
}

#[tokio::test]
async fn what_was_refused_says_why_and_is_retried_by_its_button() {
    let Some(env) = start("refusals of a credit change", "7d").await else { return };
    let detail = "<script>window.hacked = 1</script>";
    let (customer, contracts) = refused(&env, "locked", detail).await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open("/attention").await;
    browser.click(&format!("tr[data-process='{customer}'] a")).await;
    browser.says(".advice", "Action needed: Batch paused").await;
    browser.says(".advice", "until the batch is resumed").await;
    browser.says(".tally", "1 refused").await;
    for told in [contracts[0].as_str(), "locked", detail] {
        browser.says(".refusals", told).await;
    }
    browser.says(".affected .facts", "by itself: 1 items have failed; tolerated: 0").await;
    assert_eq!(browser.eval("return window.hacked === 1").await, false, "a reason is text");
    env.proxy(Link::WorkerToContracts).heal();
    browser.click(RETRY).await;
    browser.says("#notices", "what was refused is sent again").await;
    browser.gone(".refusals").await;
    browser.gone(".advice").await;
    browser.says(".breakdown .missing", "Pending or signed 2").await;
}

#[tokio::test]
async fn a_credit_change_is_cancelled_once_it_was_asked_again() {
    let Some(env) = start("cancelling a credit change", "7d").await else { return };
    let (customer, contracts) = revoked(&env, 2).await;
    env.sign_and_confirm(&contracts[0]).await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open(&page_of(&customer)).await;
    browser.click(&format!("{CANCEL} summary")).await;
    browser.says(CANCEL, "This cannot be taken back").await;
    assert_eq!(env.contracts().contract(&contracts[1]).await.ok().status, ContractStatus::Pending);
    browser.click(&format!("{CANCEL} button")).await;
    browser.says("#notices", "is being cancelled").await;
    browser.says(".summary", "Cancelled").await;
    browser.gone(CANCEL).await;
    browser.says(".tally", "2 of 2 contracts are dealt with, 0 missing.").await;
    browser.says(".breakdown .reinstated", "Reinstated 1").await;
    browser.open("/changes?show=cancelled").await;
    browser.says(&format!("tr[data-process='{customer}']"), "Cancelled").await;
}

#[tokio::test]
async fn while_contracts_is_unavailable_the_page_shows_the_rest_and_recovers() {
    let Some(env) = start("a credit change without Contracts", "7d").await else { return };
    let (customer, _) = revoked(&env, 1).await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    browser.open(&page_of(&customer)).await;
    browser.says(".tally", "1 missing").await;
    env.kill(Component::Contracts).await;
    browser.says(".affected .banner", "Contracts does not answer").await;
    browser.says(".facts", "A → B").await;
    env.start(Component::Contracts).await;
    browser.says(".tally", "1 missing").await;
}

#[tokio::test]
async fn without_javascript_a_batch_is_paused_limited_and_resumed() {
    let Some(env) = start("credit changes without script", "7d").await else { return };
    let proxy = env.proxy(Link::WorkerToContracts);
    proxy.fault(REVOKE, Fault::status(503));
    let (customer, _) = env.customer_with_contracts(1).await;
    let _ = env.change_rating(&customer, CreditRating::B).await;
    let page = page_of(&customer);
    let browser = Browser::without_javascript(&env.url(Component::Api)).await;
    shown_in_the_end(&browser, &page, ".affected .facts", "Retried now").await;
    browser.click(PAUSE).await;
    browser.says("#notices", "nothing new is begun").await;
    assert_eq!(browser.path().await, page);
    shown_in_the_end(&browser, &page, ".affected .facts", "by an operator").await;
    browser.fill("[name=in_flight]", "0").await;
    browser.click(SET_LIMITS).await;
    browser.says(".steering .result", "in_flight must be 1 to 300").await;
    proxy.heal();
    browser.click(RESUME).await;
    shown_in_the_end(&browser, &page, ".breakdown .missing", "Pending or signed 1").await;
}
