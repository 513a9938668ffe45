//! Money transfers and their incidents, next to the voidings.

use messages::{
    AccountId, TransferId,
    accounts::{Transfer, TransferStatus},
};
use tests::{Component, Env, EnvBuilder, Fault, Link, binaries, eventually, sample};

use super::Browser;

const DEPOSIT: &str = "/commands/deposit-";
const FAIL: &str = "/commands/fail-";
/// More than any account has: the process has to send FailMoneyTransfer.
pub(super) const TOO_MUCH: &str = "1000.01";
const MARK: &str = "window.sameDocument = true; return true";
const IS_MARKED: &str = "return window.sameDocument === true";

/// A whole system with Accounts, two accounts with 1000 and 500 EUR, and a browser.
pub(super) struct Bank {
    pub(super) env: Env,
    pub(super) browser: Browser,
    pub(super) from: AccountId,
    pub(super) to: AccountId,
}

impl Bank {
    /// Starts a bank. Returns `None` like [`super::on_the_console`].
    pub(super) async fn start(test: &str) -> Option<Self> {
        Self::of(test, Env::builder(binaries!()).accounts()).await
    }

    pub(super) async fn of(test: &str, system: EnvBuilder) -> Option<Self> {
        if !Browser::is_installed() {
            super::on_the_console(test).await;
            return None;
        }
        let env = system.start().await;
        let browser = Browser::start(&env.url(Component::Api)).await;
        let (from, to) = (sample::account_id(), sample::account_id());
        let _ = env.accounts().open(&from, sample::euros("1000")).await.ok_as(201);
        let _ = env.accounts().open(&to, sample::euros("500")).await.ok_as(201);
        Some(Self { env, browser, from, to })
    }

    pub(super) async fn request(&self, amount: &str) -> TransferId {
        let transfer = sample::transfer(&self.from, &self.to, amount);
        self.env.accounts().request(&transfer).await.ok_as(202).transfer_id
    }

    /// Creates a transfer whose deposit is stalled.
    pub(super) async fn stuck(&self) -> TransferId {
        let transfer = sample::transfer(&self.from, &self.to, "100");
        let id = transfer.transfer_id.clone().unwrap();
        self.env.proxy(Link::WorkerToAccounts).about(&id).fault(DEPOSIT, Fault::status(503));
        let _ = self.env.accounts().request(&transfer).await.ok_as(202);
        self.begun(&id).await;
        id
    }

    /// Creates a transfer that cannot be given up before the link is healed.
    pub(super) async fn parked(&self) -> TransferId {
        let transfer = sample::transfer(&self.from, &self.to, TOO_MUCH);
        let id = transfer.transfer_id.clone().unwrap();
        self.env.proxy(Link::WorkerToAccounts).about(&id).fault(FAIL, Fault::problem(409, "locked"));
        let _ = self.env.accounts().request(&transfer).await.ok_as(202);
        self.begun(&id).await;
        id
    }

    /// Waits until the process has begun: a page opened earlier would say that there is no such transfer.
    async fn begun(&self, id: &TransferId) {
        eventually(&format!("the process of {id} has begun"), async || {
            self.env.temporal().describe_by_id(&format!("TransferMoney-{id}")).await.map(|_| ()).ok_or("not yet")
        })
        .await;
    }

    pub(super) async fn becomes(&self, id: &TransferId, status: TransferStatus) -> Transfer {
        self.env.transfer_becomes(id, status).await
    }
}

/// Returns the address of a transfer's page.
pub(super) fn page_of(id: &TransferId) -> String {
    format!("/transfers/{id}")
}

pub(super) fn row(id: &TransferId) -> String {
    format!("tr[data-process='{id}']")
}

#[tokio::test]
async fn the_list_shows_transfers_that_run_wait_for_a_person_and_have_ended() {
    let Some(bank) = Bank::start("the list of transfers").await else { return };
    let (env, browser) = (&bank.env, &bank.browser);
    browser.open("/transfers").await;
    browser.says(".empty", "No transfers yet").await;
    let done = bank.request("100").await;
    bank.becomes(&done, TransferStatus::Completed).await;
    browser.says("#tile-completed .number", "1").await;
    browser.says(".empty", "Nothing is under way").await;
    let (stuck, parked) = (bank.stuck().await, bank.parked().await);
    // After 10 s the command counts as stalled, whether or not somebody has looked by then.
    browser.says_one_of(&row(&stuck), &["In progress", "Retrying"]).await;
    browser.says(&row(&parked), "Needs attention").await;
    browser.says(&row(&parked), "Fail money transfer was refused: locked The test answers locked.").await;
    browser.says("#tile-running .number", "2").await;
    browser.says("#tile-attention .number", "1").await;
    assert!(!browser.is_there(&row(&done)).await, "what has ended is not among the open ones");
    browser.says(&row(&stuck), "Retrying").await;
    browser.says("#tile-retrying .number", "1").await;
    browser.says(&row(&stuck), "Deposit money has not succeeded").await;
    browser.open("/transfers?show=all").await;
    let ids = "return [...document.querySelectorAll('tbody tr')].map(row => row.dataset.process)";
    let expected = serde_json::json!([parked, stuck, done]);
    assert_eq!(browser.eval(ids).await, expected, "running before ended, newest first");
    browser.says(&row(&done), "Completed").await;
    browser.open("/transfers?show=ended").await;
    browser.says(&row(&done), "Completed").await;
    assert!(!browser.is_there(&row(&stuck)).await);
    browser.open(&format!("/transfers?show=all&incident=true&text={parked}")).await;
    browser.says(&row(&parked), "Needs attention").await;
    assert!(!browser.is_there(&row(&stuck)).await, "another id");
    env.proxy(Link::WorkerToAccounts).heal();
}

#[tokio::test]
async fn the_front_page_counts_the_incidents_of_transfers_and_leads_to_them() {
    let Some(bank) = Bank::start("incidents of transfers").await else { return };
    let browser = &bank.browser;
    browser.open("/").await;
    browser.says("#tile-attention .number", "0").await;
    let parked = bank.parked().await;
    browser.says("#tile-attention .number", "1").await;
    browser.says(".elsewhere", "1 more needs attention in Transfers").await;
    browser.click(".elsewhere a").await;
    browser.click(&format!("{} a", row(&parked))).await;
    assert_eq!(browser.path().await, page_of(&parked));
}

#[tokio::test]
async fn a_failure_is_acknowledged_with_a_note_and_the_page_shows_the_end_without_a_reload() {
    let Some(bank) = Bank::start("acknowledging a transfer").await else { return };
    let browser = &bank.browser;
    let parked = bank.parked().await;
    browser.open("/transfers").await;
    browser.click(&format!("{} a", row(&parked))).await;
    browser.says(".summary", "Needs attention").await;
    browser.eval(MARK).await;
    for fact in ["1000.01 EUR", bank.from.as_str(), bank.to.as_str()] {
        browser.says(".facts", fact).await;
    }
    browser.says(".facts", "waits for an operator: Money transfer requested").await;
    browser.says(".advice", "Action needed: Fail money transfer was refused").await;
    browser.says(".timeline", "Withdraw money was refused").await;
    browser.click(".advice summary").await;
    browser.fill("[name=acknowledged_by]", "alex").await;
    browser.fill("[name=note]", "told <b>the customer</b>").await;
    browser.click("form[action='/console/instance/acknowledge'] button").await;
    browser.says("#notices", "is acknowledged").await;
    browser.says(".summary", "Given up").await;
    browser.gone(".advice").await;
    browser.says(".timeline", "Acknowledged by alex").await;
    browser.says(".timeline .note", "told <b>the customer</b>").await;
    browser.says(".facts", "1000.01 EUR").await;
    assert_eq!(browser.eval(IS_MARKED).await, true, "the page was never loaded again");
    browser.open("/transfers?show=ended").await;
    browser.says(&row(&parked), "Given up").await;
}

#[tokio::test]
async fn a_retry_tries_again_and_a_failure_that_is_gone_is_not_acknowledged() {
    let Some(bank) = Bank::start("retrying a transfer").await else { return };
    let browser = &bank.browser;
    let parked = bank.parked().await;
    browser.open(&page_of(&parked)).await;
    browser.find(".advice").await;
    let shown = "return document.querySelector('[name=failure_id]')?.value ?? ''";
    let first = browser.eval(shown).await;
    browser.click("form[action='/console/instance/retry'] button").await;
    browser.says("#notices", "is retried").await;
    eventually("the page shows the second failure", async || {
        let now = browser.eval(shown).await;
        if now == first || now == "" { Err(now.to_string()) } else { Ok(()) }
    })
    .await;
    browser.says(".timeline", "Retried by an operator").await;
    browser.click(".advice summary").await;
    // Somebody has had the first failure on their page all along. All at once, because a refresh in between would
    // correct it.
    let stale = format!(
        "document.querySelector('form.acknowledge [name=failure_id]').value = {first};
        document.querySelector(`form[action='/console/instance/acknowledge'] button`).click(); return true"
    );
    browser.eval(&stale).await;
    browser.says("#notices .refused", "the process has another failure now").await;
    bank.env.proxy(Link::WorkerToAccounts).heal();
    browser.click("form[action='/console/instance/retry'] button").await;
    browser.says(".summary", "Failed").await;
    bank.becomes(&parked, TransferStatus::Failed).await;
}

#[tokio::test]
async fn the_page_shows_a_delayed_command_until_it_gets_through() {
    let Some(bank) = Bank::start("a delayed transfer").await else { return };
    let browser = &bank.browser;
    let stuck = bank.stuck().await;
    browser.open(&page_of(&stuck)).await;
    browser.says(".facts", "handles an event: Money withdrawn").await;
    browser.says(".facts", "Pending commands").await;
    browser.says(".timeline", "Deposit money failed and is retried").await;
    browser.says(".timeline", "Deposit money is retried: attempt").await;
    browser.says(".summary", "Retrying").await;
    browser.says(".advice", "Deposit money is stalled").await;
    bank.env.proxy(Link::WorkerToAccounts).heal();
    browser.says(".summary", "Completed").await;
    browser.gone(".advice").await;
    browser.says(".timeline", "Deposit money was accepted at attempt").await;
    browser.says(".timeline", "Money deposited").await;
}

#[tokio::test]
async fn without_a_worker_the_page_shows_what_temporal_knows_and_recovers() {
    let Some(bank) = Bank::start("transfers without a worker").await else { return };
    let browser = &bank.browser;
    let parked = bank.parked().await;
    browser.open(&page_of(&parked)).await;
    browser.says(".facts", "waits for an operator").await;
    bank.env.kill(Component::Worker).await;
    browser.says("#live", "No worker tells").await;
    browser.says(".summary", "Needs attention").await;
    browser.says(".advice", "locked").await;
    browser.says(".facts", "1000.01 EUR").await;
    bank.env.start(Component::Worker).await;
    browser.says(".facts", "waits for an operator").await;
}

#[tokio::test]
async fn without_javascript_a_transfer_is_retried_and_acknowledged() {
    let Some(bank) = Bank::start("transfers without script").await else { return };
    let parked = bank.parked().await;
    let browser = Browser::without_javascript(&bank.env.url(Component::Api)).await;
    shown_in_the_end(&browser, &page_of(&parked), ".advice", "Action needed").await;
    browser.click("form[action='/console/instance/retry'] button").await;
    browser.says("#notices", "is retried").await;
    assert_eq!(browser.path().await, page_of(&parked));
    shown_in_the_end(&browser, &page_of(&parked), ".timeline .step:last-child", "it waits for an operator").await;
    shown_in_the_end(&browser, &page_of(&parked), ".timeline", "Retried by an operator").await;
    browser.click(".advice summary").await;
    browser.fill("[name=note]", "by hand").await;
    browser.click("form[action='/console/instance/acknowledge'] button").await;
    browser.says("#notices", "is acknowledged").await;
    shown_in_the_end(&browser, &page_of(&parked), ".timeline .note", "by hand").await;
    shown_in_the_end(&browser, "/transfers", ".empty", "Nothing is under way").await;
}

/// Waits until the text is shown. Without a script a page has to be loaded again.
pub(super) async fn shown_in_the_end(browser: &Browser, path: &str, css: &str, text: &str) {
    eventually(&format!("{css} of {path} says {text}"), async || {
        browser.open(path).await;
        if browser.is_there(css).await && browser.find(css).await.text().await.unwrap().contains(text) {
            return Ok(());
        }
        Err(browser.find("main").await.text().await.unwrap())
    })
    .await;
}

#[tokio::test]
async fn hostile_ids_are_text() {
    let Some(bank) = Bank::start("hostile ids of transfers").await else { return };
    let browser = &bank.browser;
    let hacked = "return window.hacked === 1 || document.querySelector('main script, main img') !== null";
    for path in [
        "/transfers/%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E",
        "/transfers/a%2Fb%3Fc%23d",
        "/transfers/..%2F",
        "/transfers/%ff",
        "/changes/%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E",
        "/changes/a%2Fb%3Fc%23d",
        "/transfers?text=%27%20OR%20%3Cscript%3Ewindow.hacked=1%3C/script%3E",
        "/transfers?text=%25&show=%3Cb%3E&cursor=nonsense",
        "/transfers?text=a%20b%2F%25_!",
    ] {
        browser.open(path).await;
        assert_eq!(browser.eval(hacked).await, false, "{path}");
    }
    browser.says(".empty", "Nothing matches").await;
    browser.open("/transfers/unknown").await;
    browser.says("main", "There was never a transfer of this id: unknown").await;
}
