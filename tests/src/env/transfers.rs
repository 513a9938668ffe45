//! Helpers for tests of money transfers.

use messages::{
    AccountId, CloudEvent, TransferId,
    accounts::{Transfer, TransferStatus},
};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;

use super::Env;
use crate::{eventually, eventually_eq, sample, transfer_workflow_id};

impl Env {
    /// Opens two accounts, with 1000 and 500 EUR.
    ///
    /// # Panics
    /// Panics if Accounts refuses one.
    pub async fn two_accounts(&self) -> (AccountId, AccountId) {
        let (from, to) = (sample::account_id(), sample::account_id());
        let _ = self.accounts().open(&from, sample::euros("1000")).await.ok_as(201);
        let _ = self.accounts().open(&to, sample::euros("500")).await.ok_as(201);
        (from, to)
    }

    /// Requests a transfer of `amount` EUR.
    ///
    /// # Panics
    /// Panics if Accounts refuses it.
    pub async fn request_transfer(&self, from: &AccountId, to: &AccountId, amount: &str) -> TransferId {
        self.accounts().request(&sample::transfer(from, to, amount)).await.ok_as(202).transfer_id
    }

    /// Waits until the transfer has this status.
    pub async fn transfer_becomes(&self, id: &TransferId, status: TransferStatus) -> Transfer {
        eventually(&format!("{id} is {status:?}"), async || {
            let transfer = self.accounts().transfer(id).await.try_ok()?;
            if transfer.status == status { Ok(transfer) } else { Err(format!("{transfer:?}")) }
        })
        .await
    }

    /// Waits until the process of the transfer has ended with this status.
    pub async fn transfer_ends(&self, id: &TransferId, status: WorkflowExecutionStatus) {
        let run = async || self.temporal().describe_by_id(&transfer_workflow_id(id)).await.map(|run| run.status());
        eventually_eq("the end of the transfer's process", Some(status), run).await;
    }

    /// Waits until both accounts have these balances.
    pub async fn balances_are(&self, accounts: &(AccountId, AccountId), from: &str, to: &str) {
        let expected = (sample::euros(from), sample::euros(to));
        let now = async || (self.accounts().balance(&accounts.0).await, self.accounts().balance(&accounts.1).await);
        eventually_eq("the balances", expected, now).await;
    }

    /// Returns the events of one transfer, in order.
    pub async fn transfer_events(&self, id: &TransferId) -> Vec<CloudEvent> {
        let log = self.accounts().log().await;
        log.into_iter().filter(|event| event.correlationid == id.as_str()).collect()
    }
}
