//! Accounts: keeps balances, and moves money between them by transfers.
//!
//! A transfer is requested, withdrawn from one account, and then either deposited to the other or refunded. The service
//! carries out each of these steps at most once per transfer. The process manager decides which step comes next.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccountId, Money, TransferId};

/// `source` of Accounts' events.
pub const SOURCE: &str = "/accounts";
/// Maximum number of characters of an account's `owner`.
pub const MAX_OWNER: usize = 200;
/// Maximum number of characters of a transfer's `reason`.
pub const MAX_REASON: usize = 2_000;

/// Status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccountStatus {
    /// Accepts deposits and withdrawals.
    Open,
    /// Accepts refunds only. Its balance stays.
    Closed,
}

/// Status of a money transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransferStatus {
    /// No money has moved yet.
    Requested,
    /// The amount has left one account and has reached no other: it is in flight.
    Withdrawn,
    /// The amount is on the other account. Final.
    Completed,
    /// The amount is back on the first account. Final.
    Returned,
    /// No money has moved, and none will. Final.
    Failed,
}

/// Purpose of a deposit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DepositPurpose {
    /// To the account that the transfer goes to.
    Transfer,
    /// Back to the account that the transfer came from. A closed account accepts it too.
    Refund,
}

/// `POST /commands/open-account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenAccount {
    /// The account's id. Default: a new UUIDv7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The owner; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub owner: Option<String>,
    /// The initial balance, zero or more. Its currency becomes the account's currency.
    #[serde(deserialize_with = "crate::money::paid")]
    pub initial_balance: Money,
}

/// `POST /commands/request-money-transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestMoneyTransfer {
    /// The transfer's id. Default: a new UUIDv7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<TransferId>,
    /// The account that the money comes from.
    pub from: AccountId,
    /// The account that the money goes to; it must be another one.
    pub to: AccountId,
    /// The amount: more than zero, in the currency of both accounts.
    pub amount: Money,
}

/// `POST /commands/withdraw-money`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WithdrawMoney {
    /// The transfer that this is a step of.
    pub transfer_id: TransferId,
    /// The account that the transfer comes from.
    pub account_id: AccountId,
    /// The transfer's amount.
    pub amount: Money,
}

/// `POST /commands/deposit-money`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepositMoney {
    /// The transfer that this is a step of.
    pub transfer_id: TransferId,
    /// The account that the transfer goes to; for a refund the one that it came from.
    pub account_id: AccountId,
    /// The transfer's amount.
    pub amount: Money,
    /// Whether the deposit completes the transfer or refunds it.
    pub purpose: DepositPurpose,
}

/// `POST /commands/fail-money-transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailMoneyTransfer {
    /// The transfer whose withdrawal was never made.
    pub transfer_id: TransferId,
    /// The reason; at most 2,000 characters.
    #[schema(max_length = 2000)]
    pub reason: String,
}

/// `POST /commands/close-account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloseAccount {
    /// The account to close, whatever its balance.
    pub account_id: AccountId,
}

/// The commands that a process manager sends to Accounts, by `type` and `data`: `data` is the body of
/// `POST /commands/<type in kebab case>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// Takes a transfer's amount from its account.
    WithdrawMoney(WithdrawMoney),
    /// Puts a transfer's amount on the other account, or back.
    DepositMoney(DepositMoney),
    /// Gives up a transfer whose withdrawal was never made.
    FailMoneyTransfer(FailMoneyTransfer),
}

/// An account of Accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// The account.
    pub account_id: AccountId,
    /// The owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The balance; never less than zero.
    pub balance: Money,
    /// Its status.
    pub status: AccountStatus,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// A money transfer of Accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The account that the money comes from.
    pub from: AccountId,
    /// The account that the money goes to.
    pub to: AccountId,
    /// The amount.
    pub amount: Money,
    /// Its status.
    pub status: TransferStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When it reached its status.
    pub updated_at: DateTime<Utc>,
}

/// Data of `AccountOpened`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountOpened {
    /// The account.
    pub account_id: AccountId,
    /// The initial balance.
    pub initial_balance: Money,
}

/// Data of `MoneyTransferRequested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyTransferRequested {
    /// The transfer; also the event's correlation id.
    pub transfer_id: TransferId,
    /// The account that the money comes from.
    pub from: AccountId,
    /// The account that the money goes to.
    pub to: AccountId,
    /// The amount.
    pub amount: Money,
}

/// Data of `MoneyWithdrawn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyWithdrawn {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The account that the money left.
    pub account_id: AccountId,
    /// The amount.
    pub amount: Money,
}

/// Data of `MoneyDeposited`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyDeposited {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The account that the money came to.
    pub account_id: AccountId,
    /// The amount.
    pub amount: Money,
    /// Whether the deposit completed the transfer or refunded it.
    pub purpose: DepositPurpose,
}

/// Data of `MoneyTransferFailed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyTransferFailed {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The reason.
    pub reason: String,
}

/// Data of `AccountClosed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountClosed {
    /// The account.
    pub account_id: AccountId,
}

/// The events of Accounts' log, by `type` and `data`. The events of a transfer have its id as correlation id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// An account was opened.
    AccountOpened(AccountOpened),
    /// Money is to be moved from one account to another.
    MoneyTransferRequested(MoneyTransferRequested),
    /// A transfer's amount has left its account.
    MoneyWithdrawn(MoneyWithdrawn),
    /// A transfer's amount has reached the other account, or has returned.
    MoneyDeposited(MoneyDeposited),
    /// A transfer was given up; no money has moved.
    MoneyTransferFailed(MoneyTransferFailed),
    /// An account was closed.
    AccountClosed(AccountClosed),
}
