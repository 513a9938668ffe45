//! An independent audit of Accounts, based on its log: no money is made or lost.

use std::collections::BTreeMap;

use messages::{
    AccountId, CloudEvent, Position, TransferId,
    accounts::{DepositPurpose, Event, MoneyTransferRequested, TransferStatus},
};

use super::Env;

/// Balances and transfers according to a log, in minor units of one currency.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Balance of each account.
    pub balances: BTreeMap<AccountId, i64>,
    /// Each requested transfer, and its status.
    pub transfers: BTreeMap<TransferId, (MoneyTransferRequested, TransferStatus)>,
    /// Sum of all initial balances.
    pub opened_with: i64,
    /// The position of the last event.
    pub position: Position,
}

impl Books {
    /// Enters an event.
    ///
    /// # Panics
    /// Panics if a rule is broken: a step is repeated or out of order, an account is overdrawn, or the sum has changed.
    pub fn enter(&mut self, event: &CloudEvent) {
        assert!(event.sequence > self.position, "{event:?} comes after {}", self.position);
        self.position = event.sequence;
        let typed = serde_json::json!({"type": event.kind, "data": event.data});
        match serde_json::from_value(typed).expect("an event of Accounts") {
            Event::AccountOpened(opened) => {
                self.opened_with += opened.initial_balance.minor;
                let other = self.balances.insert(opened.account_id, opened.initial_balance.minor);
                assert_eq!(other, None, "{event:?}: a second opening");
            }
            Event::MoneyTransferRequested(requested) => {
                let id = requested.transfer_id.clone();
                let other = self.transfers.insert(id, (requested, TransferStatus::Requested));
                assert!(other.is_none(), "{event:?}: a second request");
            }
            Event::MoneyWithdrawn(it) => {
                let from = self.step(event, &it.transfer_id, TransferStatus::Requested, TransferStatus::Withdrawn).from;
                assert_eq!(from, it.account_id, "{event:?}");
                self.add(event, &from, -it.amount.minor);
            }
            Event::MoneyDeposited(it) => {
                let becomes = match it.purpose {
                    DepositPurpose::Transfer => TransferStatus::Completed,
                    DepositPurpose::Refund => TransferStatus::Returned,
                };
                let requested = self.step(event, &it.transfer_id, TransferStatus::Withdrawn, becomes);
                let to = if becomes == TransferStatus::Completed { requested.to } else { requested.from };
                assert_eq!(to, it.account_id, "{event:?}");
                self.add(event, &to, it.amount.minor);
            }
            Event::MoneyTransferFailed(it) => {
                self.step(event, &it.transfer_id, TransferStatus::Requested, TransferStatus::Failed);
            }
            Event::AccountClosed(_) => (),
        }
        let all = self.balances.values().sum::<i64>() + self.in_flight();
        assert_eq!(all, self.opened_with, "{event:?}: all balances and what is in flight");
    }

    /// Returns the money that has been withdrawn but not deposited.
    #[must_use]
    pub fn in_flight(&self) -> i64 {
        let withdrawn = self.transfers.values().filter(|(_, status)| *status == TransferStatus::Withdrawn);
        withdrawn.map(|(requested, _)| requested.amount.minor).sum()
    }

    /// Returns the number of transfers in this status.
    #[must_use]
    pub fn count(&self, status: TransferStatus) -> usize {
        self.transfers.values().filter(|(_, of)| *of == status).count()
    }

    /// Records a step, and checks that each comes once and in its turn.
    fn step(
        &mut self,
        event: &CloudEvent,
        id: &TransferId,
        from: TransferStatus,
        to: TransferStatus,
    ) -> MoneyTransferRequested {
        let (requested, status) = self.transfers.get_mut(id).unwrap_or_else(|| panic!("{event:?}: no such transfer"));
        assert_eq!(*status, from, "{event:?}");
        assert_eq!(event.correlationid, id.as_str(), "{event:?}");
        *status = to;
        requested.clone()
    }

    fn add(&mut self, event: &CloudEvent, account: &AccountId, minor: i64) {
        let balance = self.balances.get_mut(account).unwrap_or_else(|| panic!("{event:?}: no such account"));
        *balance += minor;
        assert!(*balance >= 0, "{event:?}: {account} is overdrawn");
    }
}

impl Env {
    /// Enters what has been appended to Accounts' log since then.
    ///
    /// # Panics
    /// Panics if a rule is broken.
    pub async fn keep(&self, books: &mut Books) {
        loop {
            let Ok(events) = self.accounts().events(books.position, Some(1000), None).await.try_ok() else { return };
            if events.is_empty() {
                return;
            }
            events.iter().for_each(|event| books.enter(event));
        }
    }

    /// Returns the books of the whole log, and checks that Accounts' own balances and transfers agree with them.
    ///
    /// # Panics
    /// Panics if a rule is broken.
    pub async fn audit(&self) -> Books {
        let mut books = Books::default();
        self.accounts().log().await.iter().for_each(|event| books.enter(event));
        let accounts = self.accounts().all_accounts().await;
        let balances = accounts.into_iter().map(|account| (account.account_id, account.balance.minor)).collect();
        assert_eq!(books.balances, balances, "the accounts are what their log says");
        for (id, (_, status)) in &books.transfers {
            assert_eq!(self.accounts().transfer(id).await.ok().status, *status, "{id} is what its log says");
        }
        books
    }
}
