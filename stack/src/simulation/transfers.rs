//! Transfers between three accounts. Every fourth one exceeds the balance, and fails; every eighth one goes to a closed
//! account, and is returned.

use messages::{
    Money,
    accounts::{CloseAccount, OpenAccount, RequestMoneyTransfer, Transfer},
};
use reqwest::Client;
use serde::Serialize;
use url::Url;

use super::PEOPLE;

const INITIAL_BALANCE: &str = "1000.00";
/// More than all three balances together, so its withdrawal is refused.
const TOO_MUCH: &str = "5000.00";
const TOO_MUCH_EVERY: usize = 4;
/// The owner of the closed account.
const GONE: &str = "margaret";
const TO_GONE_EVERY: usize = 8;

/// Requests money transfers.
pub(super) struct Transfers {
    client: Client,
    open: Url,
    close: Url,
    request: Url,
}

impl Transfers {
    pub(super) fn new(client: Client, accounts: &Url) -> anyhow::Result<Self> {
        let command = |name| accounts.join(&format!("/commands/{name}"));
        let (open, close) = (command("open-account")?, command("close-account")?);
        Ok(Self { client, open, close, request: command("request-money-transfer")? })
    }

    /// Requests the next transfer, and returns a line for the log.
    pub(super) async fn request(&self, number: usize) -> anyhow::Result<String> {
        // An existing account stays unchanged.
        for owner in PEOPLE {
            self.post(&self.open, &account(owner, INITIAL_BALANCE)?).await?;
        }
        self.post(&self.open, &account(GONE, "0.00")?).await?;
        self.post(&self.close, &CloseAccount { account_id: GONE.parse()? }).await?;
        let response = self.post(&self.request, &invented(number)?).await?;
        let Transfer { transfer_id, from, to, amount, .. } = response.json().await?;
        Ok(format!("{transfer_id} requested from {from} to {to}, {amount} {}", amount.currency.code()))
    }

    async fn post(&self, url: &Url, body: &impl Serialize) -> reqwest::Result<reqwest::Response> {
        self.client.post(url.clone()).json(body).send().await?.error_for_status()
    }
}

fn account(owner: &str, balance: &str) -> anyhow::Result<OpenAccount> {
    let initial_balance = Money::parse(balance, "EUR")?;
    Ok(OpenAccount { account_id: Some(owner.parse()?), owner: Some(owner.to_owned()), initial_balance })
}

/// Returns the same transfers in each run, except for their ids, which Accounts makes.
fn invented(number: usize) -> anyhow::Result<RequestMoneyTransfer> {
    let mut amount = Money::parse(TOO_MUCH, "EUR")?;
    if number % TOO_MUCH_EVERY != TOO_MUCH_EVERY - 1 {
        amount.minor = i64::try_from(number * 7_919 % 20_000)? + 1_000;
    }
    let person = |number: usize| PEOPLE[number % PEOPLE.len()];
    let to = if number % TO_GONE_EVERY == 2 { GONE } else { person(number + 1) };
    Ok(RequestMoneyTransfer { transfer_id: None, from: person(number).parse()?, to: to.parse()?, amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_round_and_at_times_there_is_too_little_or_nobody_to_take_it() {
        let all = Money::parse(INITIAL_BALANCE, "EUR").unwrap().minor * 3;
        for number in 0..24 {
            let transfer = invented(number).unwrap();
            assert_ne!(transfer.from, transfer.to);
            assert_eq!(transfer.amount.minor > all, number % 4 == 3, "{transfer:?}");
            assert_eq!(transfer.to.as_str() == GONE, number % 8 == 2, "{transfer:?}");
        }
    }
}
