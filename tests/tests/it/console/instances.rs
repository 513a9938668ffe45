//! The pages of instances of process managers, for checks of all pages.

use messages::accounts::TransferStatus;
use tests::{Env, binaries};

use super::{
    Browser, credit_changes,
    transfers::{Bank, page_of, row},
};

/// Starts a bank with a running transfer, a parked one and an ended one, a revoked contract, and a credit change with
/// one refused contract. Returns the addresses of their pages as well.
pub(super) async fn pages(test: &str) -> Option<(Env, Browser, Vec<String>)> {
    let bank = Bank::of(test, Env::builder(binaries!()).accounts().contracts()).await?;
    let contract = bank.env.revoked_contract().await.contract;
    bank.env.confirmation_becomes(&contract, "begun", |_| true).await;
    let customer = credit_changes::refused(&bank.env, "locked", "Somebody else works on it.").await.0;
    let done = bank.request("100").await;
    bank.becomes(&done, TransferStatus::Completed).await;
    let (stuck, parked) = (bank.stuck().await, bank.parked().await);
    bank.browser.open("/transfers").await;
    bank.browser.says(&row(&stuck), "Retrying").await;
    bank.browser.says(&row(&parked), "Needs attention").await;
    let lists = ["/", "/attention", "/transfers", "/transfers?show=all", "/transfers?text=nothing"].map(str::to_owned);
    let of_contracts = ["/confirmations".to_owned(), format!("/confirmations/{contract}"), "/changes".to_owned()];
    let of_transfers = [page_of(&done), page_of(&stuck), page_of(&parked)];
    let pages = lists.into_iter().chain(of_transfers).chain(of_contracts);
    let all = pages.chain([format!("/changes/{customer}")]).collect();
    Some((bank.env, bank.browser, all))
}
