//! Whatever happens to a transfer, and in whatever order: money is neither made nor lost.
//!
//! `EXPLORE_STATES=100000 cargo test --release -p transfers --test explore` explores that many states; an ordinary run
//! explores fewer.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod accounts;
#[rustfmt::skip]
mod pasted;
mod planted;

use messages::accounts::{Command, DepositPurpose, Event};
use process_manager::{
    manager::ProcessManager,
    testing::{Exploration, Finding, Seen, explore},
};
use transfers::TransferMoney;

use self::{
    accounts::{Accounts, Moved},
    planted::{Bug, Planted, plant},
};

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "this is a test, and nothing that is replayed")]
fn states() -> usize {
    std::env::var("EXPLORE_STATES").map_or(1_000, |states| states.parse().unwrap())
}

/// Explores one transfer from Anna to Ben, whose account may be closed meanwhile.
fn transfer<M: ProcessManager<Event = Event, Command = Command>>() -> Exploration<M, Accounts> {
    explore::<M>()
        .services(Accounts::new(), Accounts::carry_out)
        .events([Accounts::request("t-1", ["anna", "ben"])])
        .happening("Ben's account is closed", |accounts| accounts.close("ben"))
        .may_refuse("insufficient-funds", |command| matches!(command, Command::WithdrawMoney(_)))
        .may_refuse("balance-out-of-range", is_deposit)
        .always("a transfer pays out once, what it has taken", |seen| {
            seen.services().transfers.values().all(moves_once)
        })
        .always("each account has what its transfers say", |seen| seen.services().is_balanced())
        .at_rest("what was withdrawn is deposited or returned, unless an operator knows", no_money_is_lost)
        .at_rest("a transfer that nothing disturbs comes to its end", |seen| {
            !seen.is_undisturbed() || seen.services().transfers.values().all(|moved| !is_in_flight(moved))
        })
        .all_end_or_wait_visibly()
}

fn is_deposit(command: &Command) -> bool {
    matches!(command, Command::DepositMoney(it) if it.purpose == DepositPurpose::Transfer)
}

fn moves_once(moved: &Moved) -> bool {
    let Moved { withdrawn, credited, returned, failed } = *moved;
    withdrawn <= 1 && credited + returned <= withdrawn && failed + withdrawn <= 1
}

fn is_in_flight(moved: &Moved) -> bool {
    moved.withdrawn > moved.credited + moved.returned
}

fn no_money_is_lost<M: ProcessManager>(seen: &Seen<'_, M, Accounts>) -> bool {
    let is_known = |transfer: &str| seen.waits_visibly(transfer) || seen.is_given_up(transfer);
    seen.services().transfers.iter().all(|(transfer, moved)| !is_in_flight(moved) || is_known(transfer))
}

#[test]
fn one_transfer_holds_in_all_of_its_states() {
    let explored = transfer::<TransferMoney>().check();
    println!("{explored:?}");
    assert!(explored.is_complete, "{explored:?}");
    assert!(explored.states > 300 && explored.at_rest > 10, "{explored:?}");
}

#[test]
fn two_transfers_that_meet_hold_in_as_many_states_as_there_is_time_for() {
    let explored = transfer::<TransferMoney>()
        .events([Accounts::request("t-2", ["ben", "anna"])])
        .troubles(3)
        .states(states())
        .check();
    println!("{explored:?}");
    assert!(explored.states >= states() || explored.is_complete, "{explored:?}");
}

/// Accounts carries out each step once per transfer, and so records it once. The process manager relies on that.
#[test]
fn a_withdrawal_that_were_recorded_twice_would_be_paid_out_twice() {
    let repeating = transfer::<TransferMoney>().may_repeat(|event| matches!(event, Event::MoneyWithdrawn(_)));
    let finding = repeating.run().unwrap_err();
    assert_eq!(finding.what, "a transfer pays out once, what it has taken");
    assert!(finding.steps.iter().any(|step| step == "MoneyWithdrawn is recorded a second time"), "{finding}");
}

fn find(bug: Bug) -> Option<Finding> {
    plant(bug);
    transfer::<Planted>().states(20_000).run().err().map(|finding| *finding)
}

#[test]
fn without_a_mistake_nothing_is_found() {
    assert_eq!(find(Bug::None), None);
}

#[test]
fn each_planted_mistake_is_found_in_at_most_12_steps() {
    let (twice, lost) = ("pays out once, what it has taken", "is deposited or returned");
    let (elsewhere, stuck) = ("each account has what its transfers say", "nothing disturbs comes to its end");
    let (silent, key, panics) = ("ends or waits visibly", "names one command", "no step of its code fails");
    let bugs = [
        (Bug::NoRefund, lost),
        (Bug::RefundToTheReceiver, elsewhere),
        (Bug::RefundOfNothing, twice),
        (Bug::DepositFirst, twice),
        (Bug::RefusalSkipped, silent),
        (Bug::StateForgotten, stuck),
        (Bug::StateUnserialized, stuck),
        (Bug::FaultIsRefusal, twice),
        (Bug::SentAgain, twice),
        (Bug::OneKey, key),
        (Bug::EndsEarly, lost),
        (Bug::TimerNotCancelled, twice),
        (Bug::Panics, panics),
        (Bug::StopsAfterCommand, stuck),
    ];
    for (bug, what) in bugs {
        let finding = find(bug).unwrap_or_else(|| panic!("{bug:?} is not found"));
        println!("{bug:?}: {} steps\n{finding}", finding.steps.len());
        assert!(finding.what.contains(what), "{bug:?} is found for another reason:\n{finding}");
        assert!(finding.steps.len() <= 12, "{bug:?} takes too many steps:\n{finding}");
        assert!(!finding.tests.is_empty(), "{bug:?} has no test:\n{finding}");
    }
}

#[test]
fn what_is_printed_is_a_test_that_passes_until_the_mistake_is_mended() {
    let finding = find(Bug::NoRefund).unwrap();
    assert!(include_str!("pasted.rs").ends_with(&finding.tests[0]), "{finding}");
}
