//! The output of an exploration, pasted as a test.

use messages::accounts::Event;
use process_manager::testing::{Scenario, refused};
use serde_json::json;

use crate::planted::{Bug, Planted, plant};

/// The mistake must be planted.
fn given<M: process_manager::manager::ProcessManager<Event = Event>>(events: impl IntoIterator<Item = Event>) -> Scenario<M> {
    plant(Bug::NoRefund);
    process_manager::testing::given(events)
}

#[test]
fn what_was_withdrawn_is_deposited_or_returned_unless_an_operator_knows_t_1() {
    let event = |json| serde_json::from_value(json).unwrap();
    let command = |json| serde_json::from_value(json).unwrap();
    given::<Planted>([event(json!({"type": "MoneyTransferRequested", "data": {"amount":{"amount":"100.00","currency":"EUR"},"from":"anna","to":"ben","transfer_id":"t-1"}}))])
        .answers([refused("balance-out-of-range")])
        .when(event(json!({"type": "MoneyWithdrawn", "data": {"account_id":"anna","amount":{"amount":"100.00","currency":"EUR"},"transfer_id":"t-1"}})))
        .then([command(json!({"type": "DepositMoney", "data": {"account_id":"ben","amount":{"amount":"100.00","currency":"EUR"},"purpose":"transfer","transfer_id":"t-1"}}))])
        .then_waits();
    // This does not hold: what was withdrawn is deposited or returned, unless an operator knows
}
