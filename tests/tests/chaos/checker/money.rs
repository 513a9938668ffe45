//! Money: it is neither made nor lost, and each step of a transfer happens once and in order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Found,
    words::{index, minor, number, text},
};
use crate::evidence::Evidence;

#[derive(Debug, Default)]
struct Books<'a> {
    balances: BTreeMap<&'a str, i64>,
    transfers: BTreeMap<&'a str, (&'a Value, &'static str)>,
    opened_with: i64,
}

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    let mut books = Books::default();
    for event in evidence.log("accounts") {
        books.enter(event, found);
        let all = books.balances.values().sum::<i64>() + books.in_flight();
        found.unless(all == books.opened_with, "money", "all accounts", || {
            format!("after {event} there are {all}, and {} were paid in", books.opened_with)
        });
    }
    let accounts = index(evidence.rows("accounts.accounts"), "account_id");
    found.unless(accounts.len() == books.balances.len(), "money", "all accounts", || {
        format!("{} accounts, and {} by the log", accounts.len(), books.balances.len())
    });
    for (id, account) in accounts {
        let balance = books.balances.get(id);
        found.unless(balance == Some(&number(&account["balance_minor"])), "money", id, || {
            format!("its balance is {}, by the log {balance:?}", account["balance_minor"])
        });
    }
    let transfers = index(evidence.rows("accounts.transfers"), "transfer_id");
    for (id, (_, status)) in &books.transfers {
        let told = transfers.get(id).map(|transfer| text(&transfer["status"]));
        found.unless(told == Some(status), "money", id, || format!("it is {told:?}, by the log {status}"));
    }
    found.unless(transfers.len() == books.transfers.len(), "money", "all transfers", || {
        format!("{} transfers, and {} by the log", transfers.len(), books.transfers.len())
    });
}

impl<'a> Books<'a> {
    fn in_flight(&self) -> i64 {
        let withdrawn = self.transfers.values().filter(|(_, status)| *status == "withdrawn");
        withdrawn.map(|(requested, _)| minor(&requested["amount"])).sum()
    }

    fn enter(&mut self, event: &'a Value, found: &mut Found) {
        let data = &event["data"];
        let (id, amount) = (text(&data["transfer_id"]), minor(&data["amount"]));
        match text(&event["type"]) {
            "AccountOpened" => {
                let (account, balance) = (text(&data["account_id"]), minor(&data["initial_balance"]));
                self.opened_with += balance;
                let other = self.balances.insert(account, balance);
                found.unless(other.is_none(), "money", account, || "it was opened twice".to_owned());
            }
            "MoneyTransferRequested" => {
                let other = self.transfers.insert(id, (data, "requested"));
                found.unless(other.is_none(), "money", id, || "it was requested twice".to_owned());
            }
            "MoneyWithdrawn" => {
                self.step(id, "requested", "withdrawn", found);
                self.move_money(id, "from", data, -amount, found);
            }
            "MoneyDeposited" if data["purpose"] == "refund" => {
                self.step(id, "withdrawn", "returned", found);
                self.move_money(id, "from", data, amount, found);
            }
            "MoneyDeposited" => {
                self.step(id, "withdrawn", "completed", found);
                self.move_money(id, "to", data, amount, found);
            }
            "MoneyTransferFailed" => self.step(id, "requested", "failed", found),
            _ => (),
        }
    }

    fn step(&mut self, id: &'a str, from: &str, to: &'static str, found: &mut Found) {
        let before = self.transfers.get(id).map(|(_, status)| *status);
        found.unless(before == Some(from), "money", id, || format!("{to} after it was {before:?}"));
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.1 = to;
        }
    }

    fn move_money(&mut self, id: &str, side: &str, data: &'a Value, amount: i64, found: &mut Found) {
        let account = text(&data["account_id"]);
        let requested = self.transfers.get(id).map(|(requested, _)| *requested);
        let fits = requested.is_some_and(|it| it[side] == data["account_id"] && it["amount"] == data["amount"]);
        found.unless(fits, "money", id, || format!("{data} does not fit {requested:?}"));
        let balance = self.balances.entry(account).or_default();
        *balance += amount;
        let is_overdrawn = *balance < 0;
        found.unless(!is_overdrawn, "money", account, || format!("it is overdrawn by {id}"));
    }
}
