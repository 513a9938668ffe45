//! Accounts' rules: the effect of each step on a transfer and on an account. Pure.
//!
//! ```text
//!             ┌─Withdraw─► Withdrawn ─┬─Deposit─► Completed
//! Requested ──┤                       └─Refund──► Returned
//!             └─Fail─────► Failed
//! ```

use axum::http::StatusCode;
use messages::{
    AccountId, Money, TransferId,
    accounts::{Account, AccountStatus, DepositPurpose, Transfer, TransferStatus},
    code,
};
use serde::Serialize;

/// Direction in which a transfer's amount moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Step {
    /// From the account that the transfer comes from.
    Withdraw,
    /// To the account that the transfer goes to, or back.
    Deposit(DepositPurpose),
}

impl Step {
    /// Returns the name of its command on the wire.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Withdraw => "withdraw-money",
            Self::Deposit(_) => "deposit-money",
        }
    }
}

/// A step with its command's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// The direction.
    pub step: Step,
    /// The transfer that it belongs to.
    pub transfer_id: TransferId,
    /// The account to change.
    pub account_id: AccountId,
    /// The amount.
    pub amount: Money,
}

/// Effect of an accepted command on its transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The transfer moves to this status.
    Become(TransferStatus),
    /// Nothing: the command took effect earlier.
    Nothing,
}

/// A business 'no'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such account.
    #[error("there is no such account")]
    AccountNotFound,
    /// No such transfer.
    #[error("there is no such money transfer")]
    TransferNotFound,
    /// An account with this id and other content exists.
    #[error("an account of this id exists, with another owner or initial balance")]
    AccountExists,
    /// A transfer with this id and other content exists.
    #[error("a money transfer of this id exists, with other accounts or another amount")]
    TransferExists,
    /// The amount is not in the account's currency.
    #[error("the amount is not in the currency of the account")]
    CurrencyMismatch,
    /// The account or the amount of the command is not that of its transfer.
    #[error("the account or the amount is not that of the money transfer")]
    TransferMismatch,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The account has less than the amount to withdraw.
    #[error("the account has less than is to be withdrawn")]
    InsufficientFunds,
    /// The balance would leave the range of 64-bit minor units.
    #[error("the account cannot hold that much")]
    BalanceOutOfRange,
    /// The amount must be withdrawn first.
    #[error("the amount has not been withdrawn")]
    NotWithdrawn,
    /// The amount has been withdrawn.
    #[error("the amount has been withdrawn; it has to be deposited or refunded")]
    AlreadyWithdrawn,
    /// The amount has been deposited for the other purpose.
    #[error("the amount has been deposited for the other purpose")]
    AlreadySettled,
    /// The transfer was given up.
    #[error("the money transfer was given up before its withdrawal")]
    TransferFailed,
}

impl service_kit::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AccountNotFound => code::ACCOUNT_NOT_FOUND,
            Self::TransferNotFound => code::TRANSFER_NOT_FOUND,
            Self::AccountExists => code::ACCOUNT_EXISTS,
            Self::TransferExists => code::TRANSFER_EXISTS,
            Self::CurrencyMismatch => code::CURRENCY_MISMATCH,
            Self::TransferMismatch => code::TRANSFER_MISMATCH,
            Self::AccountClosed => code::ACCOUNT_CLOSED,
            Self::InsufficientFunds => code::INSUFFICIENT_FUNDS,
            Self::BalanceOutOfRange => code::BALANCE_OUT_OF_RANGE,
            Self::NotWithdrawn => code::NOT_WITHDRAWN,
            Self::AlreadyWithdrawn => code::ALREADY_WITHDRAWN,
            Self::AlreadySettled => code::ALREADY_SETTLED,
            Self::TransferFailed => code::TRANSFER_FAILED,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::AccountNotFound | Self::TransferNotFound => StatusCode::NOT_FOUND,
            Self::CurrencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::CONFLICT,
        }
    }
}

/// Checks that a movement fits its transfer: the same amount, and the account at the right end.
///
/// # Errors
/// Returns [`Refusal::CurrencyMismatch`] or [`Refusal::TransferMismatch`].
pub fn check(movement: &Movement, transfer: &Transfer, account: &Account) -> Result<(), Refusal> {
    if movement.amount.currency != account.balance.currency {
        return Err(Refusal::CurrencyMismatch);
    }
    let end = match movement.step {
        Step::Withdraw | Step::Deposit(DepositPurpose::Refund) => &transfer.from,
        Step::Deposit(DepositPurpose::Transfer) => &transfer.to,
    };
    if (&movement.account_id, movement.amount) != (end, transfer.amount) {
        return Err(Refusal::TransferMismatch);
    }
    Ok(())
}

/// Decides a step by the status of its transfer.
///
/// # Errors
/// Returns the refusal.
pub fn decide(step: Step, status: TransferStatus) -> Result<Effect, Refusal> {
    use DepositPurpose::{Refund, Transfer};
    use Step::{Deposit, Withdraw};
    use TransferStatus::{Completed, Failed, Requested, Returned, Withdrawn};
    match (status, step) {
        (Requested, Withdraw) => Ok(Effect::Become(Withdrawn)),
        (Withdrawn, Deposit(Transfer)) => Ok(Effect::Become(Completed)),
        (Withdrawn, Deposit(Refund)) => Ok(Effect::Become(Returned)),
        (Withdrawn | Completed | Returned, Withdraw) | (Completed, Deposit(Transfer)) | (Returned, Deposit(Refund)) => {
            Ok(Effect::Nothing)
        }
        (Requested | Failed, Deposit(_)) => Err(Refusal::NotWithdrawn),
        (Completed, Deposit(Refund)) | (Returned, Deposit(Transfer)) => Err(Refusal::AlreadySettled),
        (Failed, Withdraw) => Err(Refusal::TransferFailed),
    }
}

/// Decides on giving up a transfer, by its status.
///
/// # Errors
/// Returns [`Refusal::AlreadyWithdrawn`] if the amount has been withdrawn.
pub fn decide_fail(status: TransferStatus) -> Result<Effect, Refusal> {
    match status {
        TransferStatus::Requested => Ok(Effect::Become(TransferStatus::Failed)),
        TransferStatus::Failed => Ok(Effect::Nothing),
        TransferStatus::Withdrawn | TransferStatus::Completed | TransferStatus::Returned => {
            Err(Refusal::AlreadyWithdrawn)
        }
    }
}

/// Returns the balance after a step with an amount of the account's currency.
///
/// A closed account accepts refunds. Otherwise money in flight when the account was closed could go neither on nor
/// back.
///
/// # Errors
/// Returns an error if the account is closed, has too little, or cannot hold that much.
pub fn balance_after(step: Step, account: &Account, amount: Money) -> Result<Money, Refusal> {
    let Money { minor, currency } = account.balance;
    if account.status == AccountStatus::Closed && step != Step::Deposit(DepositPurpose::Refund) {
        return Err(Refusal::AccountClosed);
    }
    let after = match step {
        Step::Withdraw => minor.checked_sub(amount.minor).filter(|minor| *minor >= 0).ok_or(Refusal::InsufficientFunds),
        Step::Deposit(_) => minor.checked_add(amount.minor).ok_or(Refusal::BalanceOutOfRange),
    };
    Ok(Money { minor: after?, currency })
}

#[cfg(test)]
mod tests;
