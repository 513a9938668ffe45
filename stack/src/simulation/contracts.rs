//! Contracts of the same three customers. On request, credit ratings change now and then, and revoked contracts are
//! signed and confirmed, except for some that nobody looks after.

use messages::{
    ContractId, CustomerId, Page,
    contracts::{ChangeCustomerCreditRating, Contract, CreditRating, OneContract, OpenContract, RegisterCustomer},
};
use reqwest::{Client, Response, StatusCode};
use serde::Serialize;
use url::Url;

use super::PEOPLE;

const FIRST_RATING: CreditRating = CreditRating::A;
const RATINGS: [CreditRating; 3] = [CreditRating::Bbb, CreditRating::B, CreditRating::Aa];
const CONTRACTS_EACH: usize = 4;
/// Number of actions from one change to the next: enough to sign and confirm most of a customer's contracts.
const CHANGE_EVERY: usize = 10;

/// Opens contracts, changes ratings through the api, signs and confirms.
pub(super) struct Contracts {
    client: Client,
    url: Url,
    changes: Url,
}

impl Contracts {
    pub(super) fn new(client: Client, contracts: &Url, api: &Url) -> anyhow::Result<Self> {
        Ok(Self { client, url: contracts.clone(), changes: api.join("/credit-changes")? })
    }

    /// Registers the customers and opens their contracts. Existing ones stay unchanged.
    pub(super) async fn open(&self) -> anyhow::Result<String> {
        for person in PEOPLE {
            let customer_id: CustomerId = person.parse()?;
            let customer = RegisterCustomer { customer_id: Some(customer_id.clone()), credit_rating: FIRST_RATING };
            self.command("register-customer", &customer).await?.error_for_status()?;
            for number in 1..=CONTRACTS_EACH {
                let contract_id: Option<ContractId> = Some(format!("{person}-{number}").parse()?);
                let contract = OpenContract { contract_id, customer_id: customer_id.clone() };
                self.command("open-contract", &contract).await?.error_for_status()?;
            }
        }
        Ok(format!("{} contracts of {} are open", CONTRACTS_EACH * PEOPLE.len(), PEOPLE.join(", ")))
    }

    /// Performs the next action, and returns a line for the log.
    pub(super) async fn act(&self, number: usize) -> anyhow::Result<String> {
        match number % CHANGE_EVERY {
            0 => self.change(number / CHANGE_EVERY).await,
            other if other % 2 == 1 => self.step("pending", "sign-contract").await,
            _ => self.step("signed", "reconfirm-contract").await,
        }
    }

    async fn change(&self, number: usize) -> anyhow::Result<String> {
        let (person, credit_rating) = change(number);
        let command = ChangeCustomerCreditRating { customer_id: person.parse()?, credit_rating };
        let answer = self.client.post(self.changes.clone()).json(&command).send().await?;
        if answer.status() == StatusCode::CONFLICT {
            return Ok(format!("the credit rating of {person} is {credit_rating:?} already"));
        }
        answer.error_for_status()?;
        Ok(format!("the credit rating of {person} changes to {credit_rating:?}"))
    }

    /// Sends a command for the newest contract in this status.
    async fn step(&self, status: &str, command: &str) -> anyhow::Result<String> {
        let mut url = self.url.join("/contracts")?;
        url.query_pairs_mut().append_pair("status", status).append_pair("limit", "1");
        let page: Page<Contract> = self.client.get(url).send().await?.error_for_status()?.json().await?;
        let Some(Contract { contract_id, .. }) = page.items.into_iter().next() else {
            return Ok(format!("no contract is {status}"));
        };
        self.command(command, &OneContract { contract_id: contract_id.clone() }).await?.error_for_status()?;
        Ok(format!("{command} of {contract_id}"))
    }

    async fn command(&self, name: &str, body: &impl Serialize) -> anyhow::Result<Response> {
        let url = self.url.join(&format!("/commands/{name}"))?;
        Ok(self.client.post(url).json(body).send().await?)
    }
}

/// Returns whose rating changes, and to what; it always differs from the customer's current rating.
fn change(number: usize) -> (&'static str, CreditRating) {
    let round = number / PEOPLE.len();
    (PEOPLE[number % PEOPLE.len()], RATINGS[round % RATINGS.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_one() {
        let mut ratings = std::collections::BTreeMap::new();
        for number in 0..24 {
            let (person, rating) = change(number);
            assert_ne!(ratings.insert(person, rating).unwrap_or(FIRST_RATING), rating, "{number}");
        }
        assert_eq!(ratings.len(), PEOPLE.len());
    }
}
