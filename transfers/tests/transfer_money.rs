//! The process manager without a server: events in, commands out.
#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use messages::{
    Money,
    accounts::{
        Command, DepositMoney, DepositPurpose, Event, FailMoneyTransfer, MoneyDeposited, MoneyTransferFailed,
        MoneyTransferRequested, MoneyWithdrawn, WithdrawMoney,
    },
};
use process_manager::{manager::Outcome, testing::given};
use transfers::TransferMoney;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn amount() -> Money {
    Money::parse("100.00", "EUR").unwrap()
}

fn requested() -> Event {
    let (transfer_id, from, to) = (id("t-1"), id("anna"), id("ben"));
    Event::MoneyTransferRequested(MoneyTransferRequested { transfer_id, from, to, amount: amount() })
}

fn withdrawn() -> Event {
    Event::MoneyWithdrawn(MoneyWithdrawn { transfer_id: id("t-1"), account_id: id("anna"), amount: amount() })
}

fn deposited(account: &str, purpose: DepositPurpose) -> Event {
    let (transfer_id, account_id) = (id("t-1"), id(account));
    Event::MoneyDeposited(MoneyDeposited { transfer_id, account_id, amount: amount(), purpose })
}

fn withdraw() -> Command {
    Command::WithdrawMoney(WithdrawMoney { transfer_id: id("t-1"), account_id: id("anna"), amount: amount() })
}

fn deposit(account: &str, purpose: DepositPurpose) -> Command {
    let (transfer_id, account_id) = (id("t-1"), id(account));
    Command::DepositMoney(DepositMoney { transfer_id, account_id, amount: amount(), purpose })
}

#[test]
fn a_request_withdraws_a_withdrawal_deposits_and_a_deposit_ends_it() {
    use DepositPurpose::Transfer;
    given::<TransferMoney>([]).when(requested()).then([withdraw()]).then_waits();
    given::<TransferMoney>([requested()]).when(withdrawn()).then([deposit("ben", Transfer)]).then_waits();
    let done = deposited("ben", Transfer);
    given::<TransferMoney>([requested(), withdrawn()])
        .when(done)
        .then_no_command()
        .then_ended_as(&Outcome::success("completed"));
}

#[test]
fn a_refused_withdrawal_fails_the_transfer() {
    let reason = "as the test wants it".to_owned();
    let fail = Command::FailMoneyTransfer(FailMoneyTransfer { transfer_id: id("t-1"), reason: reason.clone() });
    let refused = given::<TransferMoney>([])
        .refusing("insufficient-funds", |command| matches!(command, Command::WithdrawMoney(_)))
        .when(requested());
    refused.then([withdraw(), fail]).then_waits();
    let outcome = Outcome::failure("failed").because(&reason);
    let failed = Event::MoneyTransferFailed(MoneyTransferFailed { transfer_id: id("t-1"), reason });
    given::<TransferMoney>([requested()]).when(failed).then_no_command().then_ended_as(&outcome);
}

#[test]
fn a_refused_deposit_gives_the_money_back() {
    use DepositPurpose::{Refund, Transfer};
    given::<TransferMoney>([requested()])
        .refusing("account-closed", |command| matches!(command, Command::DepositMoney(it) if it.purpose == Transfer))
        .when(withdrawn())
        .then([deposit("ben", Transfer), deposit("anna", Refund)])
        .then_waits();
    let returned = Outcome::reverted("returned").because("the deposit was refused");
    given::<TransferMoney>([requested(), withdrawn()]).when(deposited("anna", Refund)).then_ended_as(&returned);
}

#[test]
fn a_refused_refund_waits_for_a_person() {
    use DepositPurpose::{Refund, Transfer};
    given::<TransferMoney>([requested()])
        .refusing("account-closed", |command| matches!(command, Command::DepositMoney(_)))
        .when(withdrawn())
        .then([deposit("ben", Transfer), deposit("anna", Refund)])
        .then_parked("account-closed");
}

#[test]
fn money_that_was_not_requested_waits_for_an_operator() {
    given::<TransferMoney>([]).when(withdrawn()).then_no_command().then_parked("handle-failed");
}
