//! Tests of the rules.

use DepositPurpose::{Refund, Transfer as Onward};
use Step::{Deposit, Withdraw};
use TransferStatus::{Completed, Failed, Requested, Returned, Withdrawn};
use messages::Currency;
use service_kit::Refusal as _;

use super::*;

const STEPS: [Step; 3] = [Withdraw, Deposit(Onward), Deposit(Refund)];

fn money(minor: i64) -> Money {
    Money { minor, currency: Currency::from_code("EUR").unwrap() }
}

fn account(minor: i64, status: AccountStatus) -> Account {
    Account {
        account_id: "a".parse().unwrap(),
        owner: None,
        balance: money(minor),
        status,
        opened_at: chrono::DateTime::UNIX_EPOCH,
    }
}

fn after(step: Step, balance: i64, status: AccountStatus, amount: i64) -> Result<i64, &'static str> {
    let after = balance_after(step, &account(balance, status), money(amount));
    after.map(|money| money.minor).map_err(|refusal| refusal.code())
}

#[test]
fn each_step_is_decided_by_the_status_of_its_transfer() {
    let nothing = Ok(Effect::Nothing);
    let become_ = |status| Ok(Effect::Become(status));
    let table = [
        (Requested, [become_(Withdrawn), Err("not-withdrawn"), Err("not-withdrawn")], become_(Failed)),
        (Withdrawn, [nothing, become_(Completed), become_(Returned)], Err("already-withdrawn")),
        (Completed, [nothing, nothing, Err("already-settled")], Err("already-withdrawn")),
        (Returned, [nothing, Err("already-settled"), nothing], Err("already-withdrawn")),
        (Failed, [Err("transfer-failed"), Err("not-withdrawn"), Err("not-withdrawn")], nothing),
    ];
    for (status, row, fail) in table {
        for (step, expected) in STEPS.into_iter().zip(row) {
            assert_eq!(decide(step, status).map_err(|refusal| refusal.code()), expected, "{step:?} on {status:?}");
        }
        assert_eq!(decide_fail(status).map_err(|refusal| refusal.code()), fail, "fail on {status:?}");
    }
}

#[test]
fn a_step_that_took_effect_does_nothing_when_it_comes_again() {
    for status in [Requested, Withdrawn, Completed, Returned, Failed] {
        for step in STEPS {
            if let Ok(Effect::Become(next)) = decide(step, status) {
                assert_eq!(decide(step, next), Ok(Effect::Nothing));
            }
        }
        if let Ok(Effect::Become(next)) = decide_fail(status) {
            assert_eq!(decide_fail(next), Ok(Effect::Nothing));
        }
    }
}

#[test]
fn a_balance_stays_between_zero_and_the_largest_amount() {
    use AccountStatus::Open;
    assert_eq!(after(Withdraw, 100, Open, 100), Ok(0));
    assert_eq!(after(Withdraw, 100, Open, 101), Err("insufficient-funds"));
    assert_eq!(after(Withdraw, 0, Open, i64::MAX), Err("insufficient-funds"));
    assert_eq!(after(Deposit(Onward), i64::MAX - 1, Open, 1), Ok(i64::MAX));
    for purpose in [Onward, Refund] {
        assert_eq!(after(Deposit(purpose), i64::MAX, Open, 1), Err("balance-out-of-range"));
    }
}

#[test]
fn a_closed_account_takes_refunds_alone() {
    use AccountStatus::Closed;
    assert_eq!(after(Withdraw, 100, Closed, 1), Err("account-closed"));
    assert_eq!(after(Deposit(Onward), 100, Closed, 1), Err("account-closed"));
    assert_eq!(after(Deposit(Refund), 100, Closed, 1), Ok(101));
}

#[test]
fn a_movement_has_the_amount_and_the_account_of_its_transfer() {
    let transfer = Transfer {
        transfer_id: "t".parse().unwrap(),
        from: "a".parse().unwrap(),
        to: "b".parse().unwrap(),
        amount: money(7),
        status: Requested,
        reason: None,
        requested_at: chrono::DateTime::UNIX_EPOCH,
        updated_at: chrono::DateTime::UNIX_EPOCH,
    };
    let checked = |step, account_id: &str, amount| {
        let account_id: AccountId = account_id.parse().unwrap();
        let account = Account { account_id: account_id.clone(), ..account(0, AccountStatus::Open) };
        let movement = Movement { step, transfer_id: transfer.transfer_id.clone(), account_id, amount };
        check(&movement, &transfer, &account).map_err(|refusal| refusal.code())
    };
    for (step, right, wrong) in [(Withdraw, "a", "b"), (Deposit(Onward), "b", "a"), (Deposit(Refund), "a", "b")] {
        assert_eq!(checked(step, right, money(7)), Ok(()));
        assert_eq!(checked(step, wrong, money(7)), Err("transfer-mismatch"));
        assert_eq!(checked(step, right, money(8)), Err("transfer-mismatch"));
        let other = Money { minor: 7, currency: Currency::from_code("USD").unwrap() };
        assert_eq!(checked(step, right, other), Err("currency-mismatch"));
    }
}
