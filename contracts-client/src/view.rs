//! A credit change, as seen from outside.

use chrono::{DateTime, Utc};
use messages::{
    CreditChangeId, CustomerId,
    contracts::{self, ContractCounts, CreditRating, CreditRatingChanged},
};
use process_manager::batch::{Limits, Progress, Status, Tolerated};
use process_manager_host::operator::{Instance, InstanceStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::credit_change::{CreditChange, State};

/// A change of a customer's credit rating: the customer's contracts are revoked, and each is to be signed and confirmed
/// again. The numbers are Contracts' at the time of the answer: `total` is what is not revoked yet and `revoked`, and
/// `revoked` is `missing`, `confirmed`, `terminated` and `reinstated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CreditChange)]
pub struct CreditChangeView {
    /// The customer.
    pub customer_id: CustomerId,
    /// The change that the process serves.
    pub credit_change_id: CreditChangeId,
    /// The rating since the change.
    pub credit_rating: CreditRating,
    /// The state; absent while no worker answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CreditChangeState>,
    /// The contracts affected.
    pub total: u64,
    /// Number of contracts that it revoked.
    pub revoked: u64,
    /// Number of contracts whose revocation was refused.
    pub refused: u64,
    /// Number of contracts that were confirmed since.
    pub confirmed: u64,
    /// Number of contracts that were terminated since.
    pub terminated: u64,
    /// Number of contracts that were reinstated.
    pub reinstated: u64,
    /// Number of contracts that wait for the customer's signature or confirmation.
    pub missing: u64,
    /// Number of the customer's confirmations whose deadline has passed.
    pub overdue: u64,
    /// Number of its batch's commands in flight.
    pub in_flight: u32,
    /// Number of contracts that its batch has recently processed per second; absent while none runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<f64>,
    /// Time when its batch ends at the current rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_end: Option<DateTime<Utc>>,
    /// The limits of its batch; absent while none runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<BatchLimits>,
    /// Whether its batch is paused, by an operator or because too much was refused.
    pub is_paused: bool,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<ChangeIncident>,
    /// The latest changes that its process has served, this one last: a newer one wins.
    pub served: Vec<CreditChangeId>,
    /// Time when it began.
    pub started_at: DateTime<Utc>,
    /// Time of the latest known change.
    pub updated_at: DateTime<Utc>,
}

/// The state of a credit change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CreditChangeState {
    /// The contracts are being revoked.
    Revoking,
    /// They are revoked, and some are not confirmed yet.
    AwaitingConfirmations,
    /// Each is confirmed, terminated or reinstated. Final.
    Completed,
    /// What was revoked and is not confirmed is being reinstated.
    Cancelling,
    /// It was cancelled. Final.
    Cancelled,
    /// An operator has given the process up, or has ended it in Temporal. Final.
    GivenUp,
}

/// What is wrong with a credit change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct ChangeIncident {
    /// The code, such as `batch-paused`.
    pub code: String,
    /// Explanation in words.
    pub detail: String,
    /// Time since which it is wrong.
    pub since: DateTime<Utc>,
}

/// The limits of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatchLimits {
    /// Maximum number of commands in flight.
    pub in_flight: u32,
    /// Maximum number of commands per second; absent without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// Number of refusals after which it pauses itself, or a share such as `2.5%`.
    #[schema(schema_with = crate::steer::tolerated)]
    pub tolerated: Tolerated,
}

impl From<Limits> for BatchLimits {
    fn from(limits: Limits) -> Self {
        Self { in_flight: limits.in_flight, per_second: limits.per_second, tolerated: limits.tolerated }
    }
}

impl CreditChangeState {
    /// Returns the state of a process; `None` while no worker answers.
    pub(crate) fn of(instance: &Instance, told: Option<&CreditChange>) -> Option<Self> {
        Some(match instance.status {
            status if status.is_running() => match told?.state {
                State::Revoking => Self::Revoking,
                State::AwaitingConfirmations => Self::AwaitingConfirmations,
                State::Cancelling => Self::Cancelling,
            },
            InstanceStatus::Done => match instance.outcome.as_ref()?.name.as_str() {
                "cancelled" => Self::Cancelled,
                _ => Self::Completed,
            },
            _ => Self::GivenUp,
        })
    }
}

impl ChangeIncident {
    /// Returns what is wrong with a process; the worst problem comes first.
    pub(crate) fn of(instance: &Instance) -> Option<Self> {
        let failure = instance.failure.as_ref().map(|failure| (&failure.code, &failure.detail, failure.at));
        let attention = instance.attention.as_ref().map(|it| (&it.code, &it.detail, it.since));
        if let Some((code, detail, since)) = failure.or(attention) {
            return Some(Self { code: code.clone(), detail: detail.clone(), since });
        }
        let stalled = instance.stalled.as_ref()?;
        let detail = format!("{} {}", stalled.command, stalled.detail);
        Some(Self { code: "stalled".to_owned(), detail, since: stalled.since })
    }
}

impl CreditChangeView {
    /// Creates a change that Contracts has accepted, from its answer alone.
    pub(crate) fn requested(changed: CreditRatingChanged) -> Self {
        let now = Utc::now();
        let change = contracts::CreditChange {
            credit_change_id: changed.credit_change_id,
            customer_id: changed.customer_id,
            credit_rating: changed.credit_rating,
            previous_credit_rating: changed.credit_rating,
            position: 0,
            changed_at: now,
            contracts: ContractCounts::default(),
        };
        Self::begun(&change)
    }

    /// Creates a change whose process has not begun.
    pub(crate) fn begun(change: &contracts::CreditChange) -> Self {
        let ContractCounts { untouched, pending, signed, confirmed, reinstated, terminated } = change.contracts;
        let missing = pending + signed;
        let revoked = missing + confirmed + reinstated + terminated;
        Self {
            customer_id: change.customer_id.clone(),
            credit_change_id: change.credit_change_id.clone(),
            credit_rating: change.credit_rating,
            state: Some(CreditChangeState::Revoking),
            total: untouched + revoked,
            revoked,
            refused: 0,
            confirmed,
            terminated,
            reinstated,
            missing,
            overdue: 0,
            in_flight: 0,
            rate_per_second: None,
            expected_end: None,
            limits: None,
            is_paused: false,
            incident: None,
            served: vec![change.credit_change_id.clone()],
            started_at: change.changed_at,
            updated_at: change.changed_at,
        }
    }

    /// Adds what a batch reports; `is_running` if it is the one at work.
    pub(crate) fn add_batch(&mut self, progress: &Progress, is_running: bool) {
        self.updated_at = self.updated_at.max(progress.updated_at);
        if is_running {
            self.in_flight = progress.in_flight;
            self.rate_per_second = progress.items_per_second;
            self.expected_end = progress.expected_end;
            self.limits = Some(progress.limits.into());
            self.is_paused = progress.status == Status::Paused;
        }
    }
}
