//! Transfers between three accounts; every fourth one is more than there is.

use messages::{
    Money,
    accounts::{OpenAccount, RequestMoneyTransfer, Transfer},
};
use reqwest::Client;
use serde::Serialize;
use url::Url;

use super::PEOPLE;

const INITIAL_BALANCE: &str = "1000.00";
/// More than all three balances together, so its withdrawal is refused.
const TOO_MUCH: &str = "5000.00";
const TOO_MUCH_EVERY: usize = 4;

/// Requests money transfers.
pub(super) struct Transfers {
    client: Client,
    open: Url,
    request: Url,
}

impl Transfers {
    pub(super) fn new(client: Client, accounts: &Url) -> anyhow::Result<Self> {
        let command = |name| accounts.join(&format!("/commands/{name}"));
        Ok(Self { client, open: command("open-account")?, request: command("request-money-transfer")? })
    }

    /// Requests the next transfer, and returns a line for the log.
    pub(super) async fn request(&self, number: usize) -> anyhow::Result<String> {
        // An account that exists stays unchanged.
        for owner in PEOPLE {
            self.post(&self.open, &account(owner)?).await?;
        }
        let response = self.post(&self.request, &invented(number)?).await?;
        let Transfer { transfer_id, from, to, amount, .. } = response.json().await?;
        Ok(format!("{transfer_id} requested from {from} to {to}, {amount} {}", amount.currency.code()))
    }

    async fn post(&self, url: &Url, body: &impl Serialize) -> reqwest::Result<reqwest::Response> {
        self.client.post(url.clone()).json(body).send().await?.error_for_status()
    }
}

fn account(owner: &str) -> anyhow::Result<OpenAccount> {
    let initial_balance = Money::parse(INITIAL_BALANCE, "EUR")?;
    Ok(OpenAccount { account_id: Some(owner.parse()?), owner: Some(owner.to_owned()), initial_balance })
}

/// Returns the same transfers in each run, except for their ids, which Accounts makes.
fn invented(number: usize) -> anyhow::Result<RequestMoneyTransfer> {
    let mut amount = Money::parse(TOO_MUCH, "EUR")?;
    if number % TOO_MUCH_EVERY != TOO_MUCH_EVERY - 1 {
        amount.minor = i64::try_from(number * 7_919 % 20_000)? + 1_000;
    }
    let person = |number: usize| PEOPLE[number % PEOPLE.len()].parse();
    Ok(RequestMoneyTransfer { transfer_id: None, from: person(number)?, to: person(number + 1)?, amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_round_and_every_fourth_time_there_is_too_little() {
        let all = Money::parse(INITIAL_BALANCE, "EUR").unwrap().minor * 3;
        for number in 0..24 {
            let transfer = invented(number).unwrap();
            assert_ne!(transfer.from, transfer.to);
            assert_eq!(transfer.amount.minor > all, number % 4 == 3, "{transfer:?}");
        }
    }
}
