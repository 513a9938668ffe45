//! Planted faults of contracts and credit changes.

use serde_json::json;

use super::{finds, lose_event, record, repeat, row, run};

#[test]
fn a_contract_that_is_revoked_twice_in_one_pending_period_is_found() {
    finds("contracts", "K2", |evidence| repeat(evidence, "contracts", "CustomerContractRevoked", "K2"));
}

#[test]
fn a_step_that_does_not_follow_and_a_row_that_differs_from_the_log_are_found() {
    finds("contracts", "K1", |evidence| lose_event(evidence, "contracts", "ContractSigned", "K1"));
    finds("contracts", "K2", |evidence| {
        row(evidence, "contracts.contracts", "contract_id", "K2")["status"] = "active".into()
    });
    finds("contracts", "K1", |evidence| {
        let data = json!({"contract_id": "K1", "customer_id": "gil", "credit_change_id": "X", "reminder": 1});
        record(evidence, "contracts", "CustomerReminded", "K1", data);
    });
}

#[test]
fn a_reminder_that_comes_twice_is_found() {
    finds("contracts", "K2", |evidence| {
        let data = json!({"contract_id": "K2", "customer_id": "gil", "credit_change_id": "X", "reminder": 1});
        record(evidence, "contracts", "CustomerReminded", "K2", data);
        repeat(evidence, "contracts", "CustomerReminded", "K2");
    });
}

#[test]
fn counts_that_are_off_by_one_are_found() {
    finds("counts", "X", |evidence| evidence.counts.get_mut("X").unwrap()["confirmed"] = 2.into());
    finds("counts", "X", |evidence| run(evidence, "RevokeCustomerContracts-X")["memo"]["accepted"] = 3.into());
    finds("counts", "X", |evidence| run(evidence, "RevokeCustomerContracts-X")["memo"]["total"] = 3.into());
    finds("counts", "gil", |evidence| evidence.changes.get_mut("gil").unwrap()["missing"] = 0.into());
    finds("counts", "gil", |evidence| evidence.changes.get_mut("gil").unwrap()["state"] = "completed".into());
}

#[test]
fn a_contract_that_a_change_has_left_out_is_found() {
    finds("counts", "gil", |evidence| {
        let contract = row(evidence, "contracts.contracts", "contract_id", "K2");
        contract["change_position"] = serde_json::Value::Null;
        contract["credit_change_id"] = serde_json::Value::Null;
    });
}

#[test]
fn a_latest_change_that_nobody_serves_is_found() {
    finds("counts", "gil", |evidence| evidence.changes.get_mut("gil").unwrap()["credit_change_id"] = "W".into());
}

#[test]
fn a_pending_contract_for_which_no_process_waits_is_found() {
    finds("unseen", "K2", |evidence| evidence.runs.retain(|run| run["workflow"] != "ContractConfirmation-K2"));
    finds("unseen", "K2", |evidence| {
        evidence.confirmations.get_mut("K2").unwrap()["state"]["state"] = "awaiting-confirmation".into();
    });
    finds("answers", "K1", |evidence| lose_event(evidence, "contracts", "ContractOpened", "K1"));
}
