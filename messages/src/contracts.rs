//! Contracts: keeps customers' credit ratings and their contracts.
//!
//! When a customer's credit rating changes, each of the customer's contracts must be revoked, signed again and
//! confirmed again. The service carries out each of these steps; process managers decide which one comes next.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ContractId, CreditChangeId, CustomerId, Position};

/// `source` of Contracts' events.
pub const SOURCE: &str = "/contracts";

/// Credit rating of a customer, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CreditRating {
    /// The best.
    Aaa,
    /// Below `AAA`.
    Aa,
    /// Below `AA`.
    A,
    /// Below `A`.
    Bbb,
    /// Below `BBB`.
    Bb,
    /// Below `BB`.
    B,
    /// Below `B`.
    Ccc,
    /// Below `CCC`.
    Cc,
    /// Below `CC`.
    C,
    /// The worst.
    D,
}

/// Status of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContractStatus {
    /// In force.
    Active,
    /// Revoked by a change of the credit rating; it waits to be signed again.
    Pending,
    /// Signed again; it waits for its confirmation.
    Signed,
    /// Ended. Final.
    Terminated,
}

/// `POST /commands/register-customer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisterCustomer {
    /// The customer's id. Default: a new UUIDv7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The customer's first credit rating.
    pub credit_rating: CreditRating,
}

/// `POST /commands/open-contract`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenContract {
    /// The contract's id. Default: a new UUIDv7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_id: Option<ContractId>,
    /// The contract's customer; it never changes.
    pub customer_id: CustomerId,
}

/// `POST /commands/change-customer-credit-rating`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeCustomerCreditRating {
    /// The customer.
    pub customer_id: CustomerId,
    /// The new rating; it must differ from the current one.
    pub credit_rating: CreditRating,
}

/// The answer to `POST /commands/change-customer-credit-rating`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditRatingChanged {
    /// The customer.
    pub customer_id: CustomerId,
    /// The new rating.
    pub credit_rating: CreditRating,
    /// The change.
    pub credit_change_id: CreditChangeId,
}

/// `POST /commands/revoke-customer-contract`, and `POST /commands/reinstate-contract`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractOfChange {
    /// The contract.
    pub contract_id: ContractId,
    /// The change of the credit rating that it is revoked by.
    pub credit_change_id: CreditChangeId,
}

/// `POST /commands/remind-customer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemindCustomer {
    /// The contract that is to be signed and confirmed.
    pub contract_id: ContractId,
    /// The change of the credit rating that the contract was revoked by.
    pub credit_change_id: CreditChangeId,
    /// Number of the reminder, from 1. Each number takes effect once.
    #[schema(minimum = 1)]
    pub reminder: u32,
}

/// `POST /commands/sign-contract`, `/commands/reconfirm-contract` and `/commands/terminate-contract`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OneContract {
    /// The contract.
    pub contract_id: ContractId,
}

/// The commands that process managers send to Contracts, by `type` and `data`: `data` is the body of
/// `POST /commands/<type in kebab case>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// Makes a contract pending under a change of the credit rating.
    RevokeCustomerContract(ContractOfChange),
    /// Makes a contract active again that was revoked and has not been confirmed.
    ReinstateContract(ContractOfChange),
    /// Reminds the customer of a contract that must be signed and confirmed.
    RemindCustomer(RemindCustomer),
    /// Ends a contract.
    TerminateContract(OneContract),
}

/// A customer of Contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    /// The customer.
    pub customer_id: CustomerId,
    /// The credit rating.
    pub credit_rating: CreditRating,
    /// The latest change of the credit rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_change_id: Option<CreditChangeId>,
}

/// A contract of Contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contract {
    /// The contract.
    pub contract_id: ContractId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// Its status.
    pub status: ContractStatus,
    /// The change of the credit rating that last revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_change_id: Option<CreditChangeId>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was last revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Time when it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<DateTime<Utc>>,
    /// When it was confirmed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was reinstated since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reinstated_at: Option<DateTime<Utc>>,
    /// When it was terminated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminated_at: Option<DateTime<Utc>>,
}

/// A change of a customer's credit rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditChange {
    /// The change.
    pub credit_change_id: CreditChangeId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The rating since the change.
    pub credit_rating: CreditRating,
    /// The rating before it.
    pub previous_credit_rating: CreditRating,
    /// Position of its event in the log. It affects the contracts that were opened up to it.
    pub position: Position,
    /// When it was made.
    pub changed_at: DateTime<Utc>,
    /// The contracts that it affects and no newer change has touched, by where they are now.
    pub contracts: ContractCounts,
}

/// Numbers of contracts under one change of the credit rating.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractCounts {
    /// Waiting to be signed.
    pub pending: u64,
    /// Signed, waiting for their confirmation.
    pub signed: u64,
    /// Confirmed.
    pub confirmed: u64,
    /// Reinstated.
    pub reinstated: u64,
    /// Terminated after it was revoked.
    pub terminated: u64,
    /// Affected, and not revoked by it yet: opened up to the change, not terminated, and last touched by an older change
    /// or none.
    #[serde(default)]
    pub untouched: u64,
}

/// Data of `CustomerRegistered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerRegistered {
    /// The customer.
    pub customer_id: CustomerId,
    /// The first rating.
    pub credit_rating: CreditRating,
}

/// Data of `CustomerCreditRatingChanged`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerCreditRatingChanged {
    /// The customer.
    pub customer_id: CustomerId,
    /// The change.
    pub credit_change_id: CreditChangeId,
    /// The rating since the change.
    pub credit_rating: CreditRating,
    /// The rating before it.
    pub previous_credit_rating: CreditRating,
}

/// Data of the events of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractEvent {
    /// The contract.
    pub contract_id: ContractId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// The change of the credit rating that last revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_change_id: Option<CreditChangeId>,
}

/// Data of `CustomerReminded`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerReminded {
    /// The contract.
    pub contract_id: ContractId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// The change of the credit rating that the contract was revoked by.
    pub credit_change_id: CreditChangeId,
    /// Number of the reminder.
    pub reminder: u32,
}

/// The events of Contracts' log, by `type` and `data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// A customer was registered.
    CustomerRegistered(CustomerRegistered),
    /// A contract was opened.
    ContractOpened(ContractEvent),
    /// A customer's credit rating was changed.
    CustomerCreditRatingChanged(CustomerCreditRatingChanged),
    /// A contract was revoked: it must be signed and confirmed again.
    CustomerContractRevoked(ContractEvent),
    /// The customer was reminded of a contract.
    CustomerReminded(CustomerReminded),
    /// A contract was signed.
    ContractSigned(ContractEvent),
    /// A contract was confirmed; it is in force again.
    CustomerContractReconfirmed(ContractEvent),
    /// A revoked contract is in force again without a confirmation.
    ContractReinstated(ContractEvent),
    /// A contract was ended.
    ContractTerminated(ContractEvent),
}
