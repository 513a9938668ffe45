//! Accounts as a model that trusts its caller: each command with a new key moves money. So whatever holds here is due
//! to the process manager alone.

use std::collections::{BTreeMap, BTreeSet};

use messages::{
    Money,
    accounts::{
        AccountClosed, Command, DepositPurpose, Event, MoneyDeposited, MoneyTransferFailed, MoneyTransferRequested,
        MoneyWithdrawn,
    },
};
use process_manager::manager::Refusal;

use crate::id;

/// What has happened in a transfer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Moved {
    pub(crate) withdrawn: u32,
    pub(crate) credited: u32,
    pub(crate) returned: u32,
    pub(crate) failed: u32,
}

#[derive(Debug, Clone, Hash)]
pub(crate) struct Accounts {
    pub(crate) balances: BTreeMap<String, i64>,
    closed: BTreeSet<String>,
    pub(crate) transfers: BTreeMap<String, Moved>,
}

impl Accounts {
    pub(crate) fn new() -> Self {
        let balances = [("anna".to_owned(), 150), ("ben".to_owned(), 70)].into();
        Self { balances, closed: BTreeSet::new(), transfers: BTreeMap::new() }
    }

    /// Returns a transfer of 100 from Anna to Ben, or of the same amount back, which Ben can pay only after he has
    /// received it.
    pub(crate) fn request(transfer: &str, [from, to]: [&str; 2]) -> Event {
        let (transfer_id, from, to) = (id(transfer), id(from), id(to));
        Event::MoneyTransferRequested(MoneyTransferRequested { transfer_id, from, to, amount: amount() })
    }

    pub(crate) fn close(&mut self, account: &str) -> Vec<Event> {
        self.closed.insert(account.to_owned());
        vec![Event::AccountClosed(AccountClosed { account_id: id(account) })]
    }

    pub(crate) fn carry_out(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        Ok(vec![match command.clone() {
            Command::WithdrawMoney(it) => {
                let account = it.account_id.to_string();
                self.check_open(&account)?;
                if self.balances[&account] < 100 {
                    return Err(refusal("insufficient-funds"));
                }
                self.change(&account, -100);
                self.moved(&it.transfer_id.to_string()).withdrawn += 1;
                Event::MoneyWithdrawn(MoneyWithdrawn {
                    transfer_id: it.transfer_id,
                    account_id: it.account_id,
                    amount: it.amount,
                })
            }
            Command::DepositMoney(it) => {
                let (account, is_refund) = (it.account_id.to_string(), it.purpose == DepositPurpose::Refund);
                if !is_refund {
                    self.check_open(&account)?;
                }
                self.change(&account, 100);
                let moved = self.moved(&it.transfer_id.to_string());
                *(if is_refund { &mut moved.returned } else { &mut moved.credited }) += 1;
                Event::MoneyDeposited(MoneyDeposited {
                    transfer_id: it.transfer_id,
                    account_id: it.account_id,
                    amount: it.amount,
                    purpose: it.purpose,
                })
            }
            Command::FailMoneyTransfer(it) => {
                self.moved(&it.transfer_id.to_string()).failed += 1;
                Event::MoneyTransferFailed(MoneyTransferFailed { transfer_id: it.transfer_id, reason: it.reason })
            }
        }])
    }

    /// Returns whether the first transfers lead from Anna to Ben and back, and nobody has more or less than that.
    pub(crate) fn is_balanced(&self) -> bool {
        let moved = |transfer: &str| self.transfers.get(transfer).copied().unwrap_or_default();
        let paid = |transfer: &str| 100 * (i64::from(moved(transfer).withdrawn) - i64::from(moved(transfer).returned));
        let received = |transfer: &str| 100 * i64::from(moved(transfer).credited);
        let [anna, ben] = ["anna", "ben"].map(|account| self.balances[account]);
        (anna, ben) == (150 - paid("t-1") + received("t-2"), 70 - paid("t-2") + received("t-1"))
    }

    fn change(&mut self, account: &str, by: i64) {
        *self.balances.entry(account.to_owned()).or_default() += by;
    }

    fn moved(&mut self, transfer: &str) -> &mut Moved {
        self.transfers.entry(transfer.to_owned()).or_default()
    }

    fn check_open(&self, account: &str) -> Result<(), Refusal> {
        if self.closed.contains(account) { Err(refusal("account-closed")) } else { Ok(()) }
    }
}

pub(crate) fn amount() -> Money {
    Money::parse("100.00", "EUR").unwrap()
}

fn refusal(code: &str) -> Refusal {
    Refusal { code: code.to_owned(), detail: "the model says so".to_owned() }
}
