//! The confirmation of a contract, without a server.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::time::Duration;

use messages::{
    confirmation::{ConfirmationEvent as Event, ConfirmationTimes, ExtendDeadline},
    contracts::{Command, ContractEvent, OneContract, RemindCustomer},
};
use process_manager::{
    manager::Outcome,
    testing::{Scenario, given},
};
use serde_json::json;
use workflows::contract_confirmation::ContractConfirmation;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn contract(change: &str) -> ContractEvent {
    let (contract_id, customer_id) = ("K".parse().unwrap(), "ann".parse().unwrap());
    ContractEvent { contract_id, customer_id, credit_change_id: Some(change.parse().unwrap()) }
}

fn revoked(change: &str) -> Scenario<ContractConfirmation> {
    given([Event::CustomerContractRevoked(contract(change))])
}

fn reminder(change: &str, reminder: u32) -> Command {
    let (contract_id, credit_change_id) = ("K".parse().unwrap(), change.parse().unwrap());
    Command::RemindCustomer(RemindCustomer { contract_id, credit_change_id, reminder })
}

fn extended(days: u32) -> Event {
    Event::ExtendDeadline(ExtendDeadline { by: format!("{days}d").parse().unwrap() })
}

#[test]
fn the_customer_is_reminded_every_week_and_after_thirty_days_an_operator_is_needed() {
    revoked("X")
        .advance(6 * DAY)
        .then_no_command()
        .advance(DAY)
        .then([reminder("X", 1)])
        .advance(21 * DAY)
        .then([reminder("X", 2), reminder("X", 3), reminder("X", 4)])
        .then_attention(None)
        .advance(2 * DAY)
        .then_no_command()
        .then_attention(Some("overdue"))
        .then_attention_about(Some("ann"))
        .then_waits()
        .instruct(&extended(10))
        .then_attention(None)
        .then_timers([("remind", 5 * DAY), ("overdue", 10 * DAY)])
        .advance(10 * DAY)
        .then([reminder("X", 5)])
        .then_attention(Some("overdue"));
}

#[test]
fn a_deadline_moves_from_where_it_is_or_from_now() {
    revoked("X").advance(DAY).instruct(&extended(7)).then_timers([("remind", 6 * DAY), ("overdue", 36 * DAY)]);
    let late = revoked("X").advance(40 * DAY).instruct(&extended(7));
    let _ = late.then_timers([("remind", 2 * DAY), ("overdue", 7 * DAY)]);
}

#[test]
fn a_signed_contract_waits_for_its_confirmation_and_ends_with_it() {
    revoked("X")
        .when(Event::ContractSigned(contract("X")))
        .then_no_command()
        .advance(7 * DAY)
        .then([reminder("X", 1)])
        .when(Event::CustomerContractReconfirmed(contract("X")))
        .then_ended_as(&Outcome::success("confirmed"))
        .advance(365 * DAY)
        .then_no_command();
}

#[test]
fn whatever_ends_the_contract_ends_an_overdue_confirmation() {
    let overdue = || revoked("X").advance(31 * DAY).then_attention(Some("overdue"));
    let ended = |event, outcome| overdue().when(event).then_ended_as(&outcome).then_attention(None);
    let _ = ended(Event::ContractReinstated(contract("X")), Outcome::reverted("reinstated"));
    let _ = ended(Event::ContractTerminated(contract("X")), Outcome::failure("terminated"));
}

#[test]
fn a_contract_that_is_revoked_again_begins_anew() {
    revoked("X")
        .advance(8 * DAY)
        .then([reminder("X", 1)])
        .when(Event::ContractSigned(contract("X")))
        .when(Event::CustomerContractRevoked(contract("Y")))
        .then_timers([("remind", 7 * DAY), ("overdue", 30 * DAY)])
        .advance(7 * DAY)
        .then([reminder("Y", 1)]);
}

#[test]
fn an_operator_reminds_and_terminates() {
    let terminate = Command::TerminateContract(OneContract { contract_id: "K".parse().unwrap() });
    revoked("X")
        .advance(7 * DAY)
        .instruct(&Event::RemindNow)
        .then([reminder("X", 2)])
        .advance(7 * DAY)
        .then([reminder("X", 3)])
        .instruct(&Event::Terminate)
        .then([terminate])
        .then_waits();
}

#[test]
fn a_refused_reminder_is_skipped_and_anything_else_needs_an_operator() {
    let refusing = || revoked("X").refusing("contract-not-pending", |_| true);
    let _ = refusing().advance(7 * DAY).then([reminder("X", 1)]).then_waits();
    let _ = refusing().advance(DAY).instruct(&Event::Terminate).then_parked("contract-not-pending");
}

#[test]
fn a_confirmation_keeps_the_times_with_which_it_began() {
    let times = ConfirmationTimes { remind_every: "90s".parse().unwrap(), confirm_within: "2d".parse().unwrap() };
    let settings = serde_json::to_value(times).unwrap();
    assert_eq!(settings, json!({"remind_every": "1m 30s", "confirm_within": "2days"}));
    let _ = revoked("X")
        .settings(settings)
        .advance(Duration::ZERO)
        .then_timers([("remind", Duration::from_secs(90)), ("overdue", 2 * DAY)]);
}
