//! Accounts: keeps balances, and moves money between them by transfers.
//!
//! A transfer is requested, withdrawn from one account, and then either deposited to the other or refunded. The service
//! carries out each of these steps at most once per transfer; which step comes next is up to the process manager. The
//! service listens on 127.0.0.1:8084 unless `ACCOUNTS_ADDR` says otherwise, and its database is that of
//! `ACCOUNTS_DATABASE_URL` (`DATABASE_URL` for the service alone).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccountId, Money, TransferId};

/// `source` of Accounts' events.
pub const SOURCE: &str = "/accounts";
/// Most characters of an account's `owner`.
pub const MAX_OWNER: usize = 200;
/// Most characters of a transfer's `reason`.
pub const MAX_REASON: usize = 2_000;

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccountStatus {
    /// Money comes and goes.
    Open,
    /// No money comes but refunds, and none goes; whatever balance there was stays.
    Closed,
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransferStatus {
    /// No money has moved yet.
    Requested,
    /// The amount has left one account and has not come to any: it is in flight.
    Withdrawn,
    /// The amount is on the other account. Final.
    Completed,
    /// The amount is back where it came from. Final.
    Returned,
    /// No money has moved, and none will. Final.
    Failed,
}

/// Why money is deposited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DepositPurpose {
    /// To the account that the transfer goes to.
    Transfer,
    /// Back to the account that the transfer came from. A closed account takes it too.
    Refund,
}

/// `POST /commands/open-account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenAccount {
    /// The account's id; Accounts makes a UUIDv7 when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Whose it is; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub owner: Option<String>,
    /// What is on it from the beginning, zero or more; its currency is the account's for good.
    pub initial_balance: Money,
}

/// `POST /commands/request-money-transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestMoneyTransfer {
    /// The transfer's id; Accounts makes a UUIDv7 when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<TransferId>,
    /// Where the money comes from.
    pub from: AccountId,
    /// Where it goes to: another account.
    pub to: AccountId,
    /// How much, more than zero, in the currency of both accounts.
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
    /// Whether the transfer goes on or back.
    pub purpose: DepositPurpose,
}

/// `POST /commands/fail-money-transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailMoneyTransfer {
    /// The transfer whose withdrawal was never made.
    pub transfer_id: TransferId,
    /// Why there will be none; at most 2,000 characters.
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
    /// Take a transfer's amount from its account.
    WithdrawMoney(WithdrawMoney),
    /// Put a transfer's amount on the other account, or back.
    DepositMoney(DepositMoney),
    /// Give a transfer up whose withdrawal was never made.
    FailMoneyTransfer(FailMoneyTransfer),
}

/// An account as Accounts answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// The account.
    pub account_id: AccountId,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What is on it; never less than zero.
    pub balance: Money,
    /// Where it stands.
    pub status: AccountStatus,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// A transfer as Accounts answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    /// The transfer.
    pub transfer_id: TransferId,
    /// Where the money comes from.
    pub from: AccountId,
    /// Where it goes to.
    pub to: AccountId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: TransferStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When it came to its status.
    pub updated_at: DateTime<Utc>,
}

/// Data of `AccountOpened`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountOpened {
    /// The account.
    pub account_id: AccountId,
    /// What is on it from the beginning.
    pub initial_balance: Money,
}

/// Data of `MoneyTransferRequested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyTransferRequested {
    /// The transfer; also the event's correlation id.
    pub transfer_id: TransferId,
    /// Where the money comes from.
    pub from: AccountId,
    /// Where it goes to.
    pub to: AccountId,
    /// How much.
    pub amount: Money,
}

/// Data of `MoneyWithdrawn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyWithdrawn {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The account that the money left.
    pub account_id: AccountId,
    /// How much.
    pub amount: Money,
}

/// Data of `MoneyDeposited`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyDeposited {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The account that the money came to.
    pub account_id: AccountId,
    /// How much.
    pub amount: Money,
    /// Whether the transfer went on or back.
    pub purpose: DepositPurpose,
}

/// Data of `MoneyTransferFailed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyTransferFailed {
    /// The transfer.
    pub transfer_id: TransferId,
    /// Why.
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
    /// A transfer's amount has come to the other account, or back.
    MoneyDeposited(MoneyDeposited),
    /// A transfer was given up; no money has moved.
    MoneyTransferFailed(MoneyTransferFailed),
    /// An account was closed.
    AccountClosed(AccountClosed),
}
