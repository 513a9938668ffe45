//! The contracts of a credit change, by status.

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use messages::{
    ContractId, CustomerId, Page,
    contracts::{Contract, ContractStatus},
};
use process_manager::batch::{Batch, FailedItem};
use process_manager_client::http::{CommandError, Fault};
use process_manager_host::operator::OperatorError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::credit_change::RevokeContracts;

use crate::{ContractsClient, ContractsError, CreditChangeProcess, CreditChangeView};

/// Maximum number of contracts that are read concurrently.
const AT_ONCE: usize = 25;

/// The state of a contract of a credit change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AffectedStatus {
    /// It waits to be signed.
    Pending,
    /// It is signed, and waits for its confirmation.
    Signed,
    /// It is confirmed.
    Confirmed,
    /// It was reinstated without a confirmation.
    Reinstated,
    /// It is terminated.
    Terminated,
    /// Its revocation was refused.
    Refused,
    /// It is pending or signed, and its deadline has passed.
    Overdue,
}

/// A contract of a credit change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct AffectedContract {
    /// The contract.
    pub contract_id: ContractId,
    /// The state; never `overdue`, which only a filter uses.
    pub status: AffectedStatus,
    /// Time when it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Time when it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<DateTime<Utc>>,
    /// Time when it was confirmed, reinstated or terminated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// The deadline that has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// The code of the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The reason of the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Where the next page of contracts begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AffectedToken {
    /// Contracts' own cursor.
    Contracts(String),
    /// Temporal's own token.
    Overdue(Vec<u8>),
    /// A page of failed items and a place in it.
    Refused(usize, usize),
}

/// A page of contracts. A page with fewer items than requested, or none, may be followed by another.
#[derive(Debug, Clone)]
pub struct AffectedPage {
    /// The contracts.
    pub items: Vec<AffectedContract>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<AffectedToken>,
}

impl ContractsClient {
    /// Lists the contracts of a customer's credit change: all that it has revoked, or those with one status.
    ///
    /// # Errors
    /// Returns [`ContractsError::NotFound`], [`ContractsError::Token`], or an error if Contracts or Temporal is
    /// unavailable. Only a worker knows what was refused.
    pub async fn affected(
        &self,
        customer_id: &CustomerId,
        status: Option<AffectedStatus>,
        limit: usize,
        from: Option<AffectedToken>,
    ) -> Result<AffectedPage, ContractsError> {
        let found = self.credit_change(customer_id).await?.ok_or(ContractsError::NotFound)?;
        self.affected_by(&found, status, limit, from).await
    }

    /// Does the same as [`Self::affected`], for a credit change that has been read.
    ///
    /// # Errors
    /// Returns the same errors as [`Self::affected`].
    pub async fn affected_by(
        &self,
        change: &CreditChangeProcess,
        status: Option<AffectedStatus>,
        limit: usize,
        from: Option<AffectedToken>,
    ) -> Result<AffectedPage, ContractsError> {
        use AffectedStatus::{Overdue, Refused};
        let CreditChangeView { customer_id, credit_change_id, .. } = &change.view;
        match (status, from) {
            (Some(Overdue), None) => self.overdue_contracts(customer_id, limit, Vec::new()).await,
            (Some(Overdue), Some(AffectedToken::Overdue(from))) => {
                self.overdue_contracts(customer_id, limit, from).await
            }
            (Some(Refused), None) => self.refused(change, (0, 0), limit).await,
            (Some(Refused), Some(AffectedToken::Refused(page, offset))) => {
                self.refused(change, (page, offset), limit).await
            }
            (Some(Overdue | Refused), Some(_)) | (_, Some(AffectedToken::Overdue(_) | AffectedToken::Refused(..))) => {
                Err(ContractsError::Token("it is of another list".into()))
            }
            (status, None) => self.of_contracts(credit_change_id.as_str(), status, limit, None).await,
            (status, Some(AffectedToken::Contracts(cursor))) => {
                self.of_contracts(credit_change_id.as_str(), status, limit, Some(&cursor)).await
            }
        }
    }

    /// Contracts knows which contracts a change has revoked, and their status.
    async fn of_contracts(
        &self,
        change: &str,
        status: Option<AffectedStatus>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<AffectedPage, ContractsError> {
        let limit = limit.to_string();
        let mut query = vec![("credit_change_id", change), ("limit", &limit)];
        query.extend(status.map(|status| {
            let name = match status {
                AffectedStatus::Pending => "pending",
                AffectedStatus::Signed => "signed",
                AffectedStatus::Terminated => "terminated",
                _ => "active",
            };
            ("status", name)
        }));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page: Page<Contract> = match self.contracts.get(&["contracts"], &query).await {
            Err(CommandError::Fault(fault)) if cursor.is_some() && is_bad_request(&fault) => {
                return Err(ContractsError::Token(fault.into()));
            }
            page => page?,
        };
        let items = page.items.into_iter().map(AffectedContract::from);
        let items = items.filter(|item| status.is_none_or(|status| status == item.status)).collect();
        Ok(AffectedPage { items, next: page.next_cursor.map(AffectedToken::Contracts) })
    }

    /// Temporal knows which deadlines have passed, and Contracts the rest.
    async fn overdue_contracts(
        &self,
        customer_id: &CustomerId,
        limit: usize,
        from: Vec<u8>,
    ) -> Result<AffectedPage, ContractsError> {
        let is_first = from.is_empty();
        let page = match self.confirmations.list(&Self::overdue(customer_id), limit, from).await {
            Err(error @ OperatorError::Refused(_)) if !is_first => return Err(ContractsError::Token(Box::new(error))),
            page => page?,
        };
        let reads = page.items.into_iter().map(|confirmation| async move {
            let contract: Option<Contract> = self.found(&["contracts", &confirmation.process_id]).await?;
            let due_at = confirmation.attention.map(|attention| attention.since);
            Ok(contract.map(|contract| AffectedContract { due_at, ..contract.into() }))
        });
        let found: Vec<Result<_, ContractsError>> = stream::iter(reads).buffered(AT_ONCE).collect().await;
        let items = found.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(AffectedPage { items, next: Some(page.next).filter(|next| !next.is_empty()).map(AffectedToken::Overdue) })
    }

    /// The batch keeps what was refused: full pages in workflows of their own, and the rest itself.
    async fn refused(
        &self,
        change: &CreditChangeProcess,
        (page, offset): (usize, usize),
        limit: usize,
    ) -> Result<AffectedPage, ContractsError> {
        let none = AffectedPage { items: Vec::new(), next: None };
        let batch = change.batches.iter().find(|batch| batch.workflow_id.starts_with(RevokeContracts::NAME));
        let Some(batch) = batch else { return Ok(none) };
        let kept = batch.progress.iter().flat_map(|progress| progress.kept_pages.iter().copied().map(Some));
        let pages: Vec<_> = kept.chain([None]).collect();
        let Some(kept) = pages.get(page) else { return Ok(none) };
        let failed = self.batches.failed(&batch.workflow_id, *kept).await?;
        let items: Vec<_> = failed.iter().skip(offset).take(limit).filter_map(AffectedContract::refused).collect();
        let more = offset.saturating_add(limit);
        let next = if more < failed.len() { (page, more) } else { (page + 1, 0) };
        Ok(AffectedPage { items, next: (next.0 < pages.len()).then_some(AffectedToken::Refused(next.0, next.1)) })
    }
}

fn is_bad_request(fault: &Fault) -> bool {
    matches!(fault, Fault::Status { status, .. } if *status == 400)
}

impl AffectedContract {
    fn at(contract_id: ContractId, status: AffectedStatus) -> Self {
        let (revoked_at, signed_at, ended_at, due_at, code, detail) = (None, None, None, None, None, None);
        Self { contract_id, status, revoked_at, signed_at, ended_at, due_at, code, detail }
    }

    fn refused(failed: &FailedItem) -> Option<Self> {
        let at = Self::at(failed.id.parse().ok()?, AffectedStatus::Refused);
        Some(Self { code: Some(failed.refusal.code.clone()), detail: Some(failed.refusal.detail.clone()), ..at })
    }
}

impl From<Contract> for AffectedContract {
    fn from(contract: Contract) -> Self {
        let (status, ended_at) = match contract.status {
            ContractStatus::Pending => (AffectedStatus::Pending, None),
            ContractStatus::Signed => (AffectedStatus::Signed, None),
            ContractStatus::Terminated => (AffectedStatus::Terminated, contract.terminated_at),
            ContractStatus::Active if contract.confirmed_at.is_some() => {
                (AffectedStatus::Confirmed, contract.confirmed_at)
            }
            ContractStatus::Active => (AffectedStatus::Reinstated, contract.reinstated_at),
        };
        let (revoked_at, signed_at) = (contract.revoked_at, contract.signed_at);
        Self { revoked_at, signed_at, ended_at, ..Self::at(contract.contract_id, status) }
    }
}
