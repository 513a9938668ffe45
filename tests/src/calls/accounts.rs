//! Calls of Accounts.

use messages::{
    AccountId, Money, Page, Position, TransferId,
    accounts::{Account, CloseAccount, OpenAccount, RequestMoneyTransfer, Transfer},
};

use super::{Answer, Batch, client, events};

client! {
    /// Accounts.
    Accounts
}

impl Accounts {
    /// `POST /commands/open-account` with an id and a balance.
    pub async fn open(&self, account_id: &AccountId, balance: Money) -> Answer<Account> {
        let body = OpenAccount { account_id: Some(account_id.clone()), owner: None, initial_balance: balance };
        self.0.post("/commands/open-account", &body).await
    }

    /// `POST /commands/close-account`.
    pub async fn close(&self, account_id: &AccountId) -> Answer<Account> {
        self.0.post("/commands/close-account", &CloseAccount { account_id: account_id.clone() }).await
    }

    /// `POST /commands/request-money-transfer`.
    pub async fn request(&self, transfer: &RequestMoneyTransfer) -> Answer<Transfer> {
        self.0.post("/commands/request-money-transfer", transfer).await
    }

    /// `GET /accounts/{id}`.
    pub async fn account(&self, id: &AccountId) -> Answer<Account> {
        self.0.get(&format!("/accounts/{id}")).await
    }

    /// Returns the balance of an account.
    ///
    /// # Panics
    /// Panics if Accounts does not answer with it.
    pub async fn balance(&self, id: &AccountId) -> Money {
        self.account(id).await.ok().balance
    }

    /// Returns all accounts. No test has more than a page of them.
    ///
    /// # Panics
    /// Panics if Accounts is unavailable, or there are more.
    pub async fn all_accounts(&self) -> Vec<Account> {
        let page = self.0.get::<Page<Account>>("/accounts?limit=200").await.ok();
        assert_eq!(page.next_cursor, None, "more accounts than a page holds");
        page.items
    }

    /// `GET /transfers/{id}`.
    pub async fn transfer(&self, id: &TransferId) -> Answer<Transfer> {
        self.0.get(&format!("/transfers/{id}")).await
    }

    /// `GET /transfers` with a query such as `?status=requested&limit=2`, or an empty one.
    pub async fn transfers(&self, query: &str) -> Answer<Page<Transfer>> {
        self.0.get(&format!("/transfers{query}")).await
    }

    /// `GET /events`. Absent `limit` and `wait` (seconds) have Accounts' defaults.
    pub async fn events(&self, after: Position, limit: Option<u32>, wait: Option<u32>) -> Answer<Batch> {
        events::events(&self.0, after, limit, wait).await
    }

    /// Returns the whole log, from its origin.
    pub async fn log(&self) -> Batch {
        events::all(&self.0).await
    }
}
