//! Calls of Contracts.

use messages::{
    ContractId, CreditChangeId, CustomerId, Position,
    contracts::{
        ChangeCustomerCreditRating, Contract, ContractOfChange, CreditRating, CreditRatingChanged, Customer,
        OneContract, OpenContract, RegisterCustomer,
    },
};

use super::{Answer, Batch, client, events};

client! {
    /// Contracts.
    Contracts
}

impl Contracts {
    /// `POST /commands/register-customer`.
    pub async fn register(&self, customer_id: &CustomerId, credit_rating: CreditRating) -> Answer<Customer> {
        let body = RegisterCustomer { customer_id: Some(customer_id.clone()), credit_rating };
        self.0.post("/commands/register-customer", &body).await
    }

    /// `POST /commands/open-contract`.
    pub async fn open(&self, contract_id: &ContractId, customer_id: &CustomerId) -> Answer<Contract> {
        let body = OpenContract { contract_id: Some(contract_id.clone()), customer_id: customer_id.clone() };
        self.0.post("/commands/open-contract", &body).await
    }

    /// `POST /commands/change-customer-credit-rating`.
    pub async fn change_rating(
        &self,
        customer_id: &CustomerId,
        credit_rating: CreditRating,
    ) -> Answer<CreditRatingChanged> {
        let body = ChangeCustomerCreditRating { customer_id: customer_id.clone(), credit_rating };
        self.0.post("/commands/change-customer-credit-rating", &body).await
    }

    /// `POST /commands/revoke-customer-contract`.
    pub async fn revoke(&self, contract_id: &ContractId, credit_change_id: &CreditChangeId) -> Answer<Contract> {
        self.0.post("/commands/revoke-customer-contract", &of_change(contract_id, credit_change_id)).await
    }

    /// `POST /commands/reinstate-contract`.
    pub async fn reinstate(&self, contract_id: &ContractId, credit_change_id: &CreditChangeId) -> Answer<Contract> {
        self.0.post("/commands/reinstate-contract", &of_change(contract_id, credit_change_id)).await
    }

    /// `POST /commands/sign-contract`.
    pub async fn sign(&self, contract_id: &ContractId) -> Answer<Contract> {
        self.0.post("/commands/sign-contract", &OneContract { contract_id: contract_id.clone() }).await
    }

    /// `POST /commands/reconfirm-contract`.
    pub async fn reconfirm(&self, contract_id: &ContractId) -> Answer<Contract> {
        self.0.post("/commands/reconfirm-contract", &OneContract { contract_id: contract_id.clone() }).await
    }

    /// `POST /commands/terminate-contract`.
    pub async fn terminate(&self, contract_id: &ContractId) -> Answer<Contract> {
        self.0.post("/commands/terminate-contract", &OneContract { contract_id: contract_id.clone() }).await
    }

    /// `GET /contracts/{id}`.
    pub async fn contract(&self, id: &ContractId) -> Answer<Contract> {
        self.0.get(&format!("/contracts/{id}")).await
    }

    /// `GET /events`. Absent `limit` and `wait` (seconds) have Contracts' defaults.
    pub async fn events(&self, after: Position, limit: Option<u32>, wait: Option<u32>) -> Answer<Batch> {
        events::events(&self.0, after, limit, wait).await
    }

    /// Returns the whole log, from its origin.
    pub async fn log(&self) -> Batch {
        events::all(&self.0).await
    }
}

fn of_change(contract_id: &ContractId, credit_change_id: &CreditChangeId) -> ContractOfChange {
    ContractOfChange { contract_id: contract_id.clone(), credit_change_id: credit_change_id.clone() }
}
