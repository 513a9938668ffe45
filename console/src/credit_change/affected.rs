//! The contracts of a credit change on a page, with a bounded number of requests, however many contracts there are.

use chrono::{DateTime, Timelike, Utc};
use contracts_client::{AffectedContract, AffectedStatus, ContractsError, CreditChangeProcess, CreditChangeView};
use messages::CustomerId;
use process_manager::{
    batch::{Batch, Limits, Pause, PausedBy, Progress},
    manager::ProcessManager,
};
use process_manager_host::operator::{BatchRun, OperatorError};
use workflows::credit_change::{CreditChange, ReinstateContracts};

use crate::{managers::Manager, sources::Sources};

/// Maximum number of contracts in a list.
const SHOWN: usize = 20;

/// The contracts of a credit change.
#[derive(Hash)]
pub(crate) enum Affected {
    Known(Box<Told>),
    /// This program does not answer.
    Unavailable(&'static str),
}

/// What Contracts, its batch and its confirmations report.
#[derive(Hash)]
pub(crate) struct Told {
    pub(super) customer_id: CustomerId,
    pub(super) counts: Counts,
    /// The batch at work.
    pub(super) batch: Option<Running>,
    pub(super) refused: Listed,
    /// Missing contracts, overdue ones first.
    pub(super) missing: Listed,
}

/// Number of contracts in each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Counts {
    pub(super) total: u64,
    pub(super) revoked: u64,
    pub(super) refused: u64,
    pub(super) missing: u64,
    pub(super) overdue: u64,
    pub(super) confirmed: u64,
    pub(super) terminated: u64,
    pub(super) reinstated: u64,
}

/// The first of many contracts, or the program that does not answer.
pub(super) type Listed = Result<Vec<Row>, &'static str>;

/// A contract of a list.
#[derive(Hash)]
pub(super) struct Row {
    pub(super) contract: AffectedContract,
    pub(super) is_overdue: bool,
}

/// A batch at work.
#[derive(Hash)]
pub(super) struct Running {
    /// Whether it reinstates instead of revoking.
    pub(super) reinstates: bool,
    pub(super) in_flight: u32,
    pub(super) per_second: Option<String>,
    pub(super) expected_end: Option<DateTime<Utc>>,
    pub(super) limits: LimitsInWords,
    pub(super) pause: Option<Paused>,
    /// Whether it is about to pause, or its limits are about to change.
    pub(super) is_draining: bool,
    pub(super) fault: Option<String>,
}

/// Its limits, as the fields of a form show them.
#[derive(Hash)]
pub(super) struct LimitsInWords {
    pub(super) in_flight: String,
    /// `0` without a limit.
    pub(super) per_second: String,
    pub(super) tolerated: String,
}

/// A pause in words.
#[derive(Hash)]
pub(super) struct Paused {
    /// Who paused it, and why.
    pub(super) why: String,
    pub(super) since: DateTime<Utc>,
}

impl Affected {
    /// Returns whether a batch is at work that an operator may steer.
    pub(crate) fn can_be_steered(&self) -> bool {
        matches!(self, Self::Known(told) if told.batch.is_some())
    }
}

/// Loads it. Returns `None` for other processes, and if Contracts knows no such change.
pub(crate) async fn load(sources: &Sources, manager: &Manager, id: &str) -> Option<Affected> {
    let customer_id = id.parse::<CustomerId>().ok().filter(|_| manager.name == CreditChange::NAME)?;
    match sources.contracts.credit_change(&customer_id).await {
        Ok(found) => Some(Affected::Known(Box::new(Box::pin(tell(sources, found?)).await))),
        Err(error) => Some(Affected::Unavailable(silent(&error))),
    }
}

async fn tell(sources: &Sources, found: CreditChangeProcess) -> Told {
    let counts = Counts::from(&found.view);
    // Overdue contracts may leave no room for others.
    let others = if counts.overdue < SHOWN as u64 { counts.missing } else { 0 };
    let (refused, missing) = tokio::join!(list(sources, &found, AffectedStatus::Refused, counts.refused), async {
        tokio::try_join!(
            list(sources, &found, AffectedStatus::Overdue, counts.overdue),
            list(sources, &found, AffectedStatus::Pending, others),
            list(sources, &found, AffectedStatus::Signed, others),
        )
    });
    let refused =
        refused.map(|refused| refused.into_iter().map(|contract| Row { contract, is_overdue: false }).collect());
    let missing = missing.map(|(overdue, pending, signed)| overdue_first(overdue, pending.into_iter().chain(signed)));
    let batch = found.running_batch().and_then(running);
    Told { customer_id: found.view.customer_id, counts, batch, refused, missing }
}

/// Lists the first contracts with one status, unless there are none.
async fn list(
    sources: &Sources,
    change: &CreditChangeProcess,
    status: AffectedStatus,
    count: u64,
) -> Result<Vec<AffectedContract>, &'static str> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let page = sources.contracts.affected_by(change, Some(status), SHOWN, None).await;
    page.map(|page| page.items).map_err(|error| silent(&error))
}

/// Puts overdue contracts before the others, and leaves out what exceeds the list.
fn overdue_first(overdue: Vec<AffectedContract>, others: impl Iterator<Item = AffectedContract>) -> Vec<Row> {
    let is_other = |other: &AffectedContract| overdue.iter().all(|it| it.contract_id != other.contract_id);
    let others: Vec<_> = others.filter(is_other).collect();
    let row = |is_overdue| move |contract| Row { contract, is_overdue };
    overdue.into_iter().map(row(true)).chain(others.into_iter().map(row(false))).take(SHOWN).collect()
}

/// Returns the program that does not answer.
fn silent(error: &ContractsError) -> &'static str {
    tracing::debug!(error = error as &dyn std::error::Error, "the contracts of a credit change cannot be read");
    match error {
        ContractsError::Temporal(OperatorError::NoAnswer) => "The worker",
        ContractsError::Temporal(_) => "Temporal",
        _ => "Contracts",
    }
}

fn running(batch: &BatchRun) -> Option<Running> {
    let progress = batch.progress.as_ref()?;
    let Progress { in_flight, items_per_second, expected_end, limits, .. } = progress;
    Some(Running {
        reinstates: batch.workflow_id.starts_with(ReinstateContracts::NAME),
        in_flight: *in_flight,
        // With all digits it would change constantly.
        per_second: items_per_second.map(|rate| format!("{rate:.1}")),
        expected_end: expected_end.and_then(|at| at.with_nanosecond(0)),
        limits: (*limits).into(),
        pause: progress.pause.as_ref().map(Paused::from),
        is_draining: batch.is_draining,
        fault: progress.fault.clone(),
    })
}

impl From<Limits> for LimitsInWords {
    fn from(limits: Limits) -> Self {
        Self {
            in_flight: limits.in_flight.to_string(),
            per_second: limits.per_second.unwrap_or_default().to_string(),
            tolerated: limits.tolerated.to_string(),
        }
    }
}

impl From<&Pause> for Paused {
    fn from(pause: &Pause) -> Self {
        let why = match pause.by {
            PausedBy::Operator => "by an operator".to_owned(),
            _ => format!("by itself: {}", pause.detail),
        };
        Self { why, since: pause.since }
    }
}

impl From<&CreditChangeView> for Counts {
    fn from(view: &CreditChangeView) -> Self {
        let CreditChangeView { total, revoked, refused, missing, overdue, confirmed, terminated, reinstated, .. } =
            *view;
        Self { total, revoked, refused, missing, overdue, confirmed, terminated, reinstated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(id: &str, status: &str) -> AffectedContract {
        serde_json::from_value(serde_json::json!({"contract_id": id, "status": status})).unwrap()
    }

    #[test]
    fn overdue_contracts_come_first_and_each_contract_once() {
        let others = [contract("z", "pending"), contract("b", "signed"), contract("c", "signed")];
        let rows = overdue_first(vec![contract("b", "signed"), contract("y", "pending")], others.into_iter());
        let told: Vec<_> = rows.iter().map(|row| (row.contract.contract_id.as_str(), row.is_overdue)).collect();
        assert_eq!(told, [("b", true), ("y", true), ("z", false), ("c", false)]);
    }

    #[test]
    fn a_list_is_bounded() {
        let many =
            |of: &str| (0..SHOWN).map(|number| contract(&format!("{of}{number}"), "pending")).collect::<Vec<_>>();
        let rows = overdue_first(many("a"), many("b").into_iter());
        assert_eq!((rows.len(), rows.iter().filter(|row| row.is_overdue).count()), (SHOWN, SHOWN));
    }
}
