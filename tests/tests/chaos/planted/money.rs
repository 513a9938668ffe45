//! Planted faults of accounts and transfers.

use serde_json::json;

use super::{finds, lose_event, record, repeat, row};

#[test]
fn money_that_is_made_or_lost_is_found() {
    finds("money", "A2", |evidence| {
        row(evidence, "accounts.accounts", "account_id", "A2")["balance_minor"] = 301.into()
    });
    finds("money", "all accounts", |evidence| lose_event(evidence, "accounts", "MoneyWithdrawn", "T1"));
    finds("money", "T1", |evidence| repeat(evidence, "accounts", "MoneyDeposited", "T1"));
    finds("money", "T1", |evidence| {
        let amount = json!({"amount": "3.00", "currency": "EUR"});
        let data = json!({"transfer_id": "T1", "account_id": "A1", "amount": amount, "purpose": "refund"});
        record(evidence, "accounts", "MoneyDeposited", "T1", data);
    });
}

#[test]
fn an_account_that_is_overdrawn_is_found() {
    finds("money", "A1", |evidence| {
        let amount = json!({"amount": "50.00", "currency": "EUR"});
        lose_event(evidence, "accounts", "MoneyTransferFailed", "T2");
        let data = json!({"transfer_id": "T2", "account_id": "A1", "amount": amount});
        record(evidence, "accounts", "MoneyWithdrawn", "T2", data);
    });
}

#[test]
fn a_transfer_that_differs_from_its_log_or_vanished_or_waits_unseen_is_found() {
    finds("money", "T1", |evidence| {
        row(evidence, "accounts.transfers", "transfer_id", "T1")["status"] = "failed".into()
    });
    finds("answers", "T2", |evidence| lose_event(evidence, "accounts", "MoneyTransferRequested", "T2"));
    finds("unseen", "T2", |evidence| {
        row(evidence, "accounts.transfers", "transfer_id", "T2")["status"] = "requested".into()
    });
}
