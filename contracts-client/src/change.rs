//! Reads credit changes.

use futures::{
    StreamExt,
    future::{try_join, try_join3},
    stream,
};
use messages::{
    CreditChangeId, CustomerId,
    contracts::{Customer, CustomerCreditRatingChanged},
};
use process_manager::batch::{Batch, workflow_id};
use process_manager_client::http::CommandError;
use process_manager_host::operator::{
    BatchRun, Instance, InstanceFilter, Listed, OperatorError, Timeline, TimelineEvent, Trouble,
};
use serde::de::DeserializeOwned;
use workflows::credit_change::{CreditChange, ReinstateContracts, RevokeContracts};

use crate::{ChangeIncident, ContractsClient, ContractsError, CreditChangeState, CreditChangeView};

/// Maximum number of changes that are read concurrently.
const AT_ONCE: usize = 25;

/// A credit change with its process and its batches.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreditChangeProcess {
    /// The credit change.
    pub view: CreditChangeView,
    /// Its process; `None` if it has not begun.
    pub instance: Option<Instance>,
    /// The batch that revokes, and the one that reinstates, as far as they have begun.
    pub batches: Vec<BatchRun>,
}

/// The result of looking for a credit change.
pub type Found = Result<Option<CreditChangeProcess>, ContractsError>;

impl CreditChangeProcess {
    /// Returns whether its process runs, or is about to.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.instance.as_ref().is_none_or(|instance| instance.status.is_running())
    }

    /// Returns the batch that is at work.
    #[must_use]
    pub fn running_batch(&self) -> Option<&BatchRun> {
        self.batches.iter().find(|batch| batch.is_running)
    }
}

impl ContractsClient {
    /// Reads the latest credit change of a customer. Returns `None` if there was none.
    ///
    /// # Errors
    /// Returns an error if Contracts or Temporal is unavailable.
    pub async fn credit_change(&self, customer_id: &CustomerId) -> Found {
        let instance = async { self.changes.read(customer_id.as_str()).await.map_err(ContractsError::from) };
        let (instance, customer, overdue) =
            try_join3(instance, self.customer(customer_id), self.count_overdue(customer_id)).await?;
        self.tell(instance, customer, overdue).await
    }

    /// Lists a page of credit changes, running before ended and newest first: all, those that run (or have ended),
    /// those with an incident (or without). The list may lag by up to a second, and a change that has not begun is not
    /// in it.
    ///
    /// # Errors
    /// Returns an error if Contracts or Temporal is unavailable, or if Temporal rejects the token.
    pub async fn credit_changes(
        &self,
        is_running: Option<bool>,
        has_incident: Option<bool>,
        size: usize,
        from: Vec<u8>,
    ) -> Result<Listed<CreditChangeProcess>, ContractsError> {
        let filter = InstanceFilter { is_running, has_incident, ..InstanceFilter::default() };
        let is_first = from.is_empty();
        let page = match self.changes.list(&filter, size, from).await {
            Err(error @ OperatorError::Refused(_)) if !is_first => return Err(ContractsError::Token(Box::new(error))),
            page => page?,
        };
        let reads = page.items.into_iter().filter_map(|listed| {
            let customer_id = listed.process_id.parse::<CustomerId>().ok()?;
            Some(async move { self.listed(listed, customer_id).await })
        });
        let found: Vec<Found> = stream::iter(reads).buffered(AT_ONCE).collect().await;
        let items = found.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: page.next })
    }

    /// For a running one, its worker knows more. One that has ended stays as it was listed.
    async fn listed(&self, listed: Instance, customer_id: CustomerId) -> Found {
        let instance = async {
            let is_running = listed.status.is_running();
            let read = if is_running { self.changes.read(customer_id.as_str()).await? } else { None };
            Ok(read.filter(|read| read.run_id == listed.run_id).unwrap_or(listed))
        };
        let (instance, customer, overdue) =
            try_join3(instance, self.customer(&customer_id), self.count_overdue(&customer_id)).await?;
        let Some(customer) = customer else { return Ok(None) };
        let known = Customer { credit_change_id: None, ..customer };
        self.tell(Some(instance), Some(known), overdue).await
    }

    /// Combines what its process, Contracts and its batches report.
    async fn tell(&self, instance: Option<Instance>, customer: Option<Customer>, overdue: u64) -> Found {
        let Some(customer) = customer else { return Ok(None) };
        let told = instance.as_ref().and_then(Instance::state::<CreditChange>);
        let mut served = told.as_ref().map(|told| told.served.clone()).unwrap_or_default();
        if let Some(instance) = instance.as_ref().filter(|_| served.is_empty()) {
            served = served_in(&self.changes.timeline(&instance.process_id).await?);
        }
        let latest = customer.credit_change_id;
        let serves_latest = |_: &Instance| latest.as_ref().is_none_or(|latest| served.contains(latest));
        // An ended run may belong to an earlier change; the run of the latest has not begun then.
        let instance = instance.filter(|instance| instance.status.is_running() || serves_latest(instance));
        let of_instance = instance.as_ref().and_then(|_| served.last().cloned());
        let Some(id) = of_instance.or(latest) else { return Ok(None) };
        let path = ["credit-changes", id.as_str()];
        let (change, batches) = try_join(self.found(&path), self.batches_of(&id)).await?;
        let Some(change) = change else { return Ok(None) };
        let mut view = CreditChangeView::begun(&change);
        let Some(instance) = instance else {
            return Ok(Some(CreditChangeProcess { view, instance: None, batches: Vec::new() }));
        };
        for batch in &batches {
            if let Some(progress) = &batch.progress {
                view.add_batch(progress, batch.is_running);
                view.refused =
                    if batch.workflow_id.starts_with(RevokeContracts::NAME) { progress.failed } else { view.refused };
            }
        }
        view.state = CreditChangeState::of(&instance, told.as_ref());
        view.incident = ChangeIncident::of(&instance);
        view.served = if served.is_empty() { vec![id] } else { served };
        view.started_at = instance.started_at;
        view.updated_at = view.updated_at.max(instance.since());
        view.overdue = overdue;
        Ok(Some(CreditChangeProcess { view, instance: Some(instance), batches }))
    }

    async fn batches_of(&self, change: &CreditChangeId) -> Result<Vec<BatchRun>, ContractsError> {
        let [revoke, reinstate] =
            [RevokeContracts::NAME, ReinstateContracts::NAME].map(|name| workflow_id(name, change.as_str()));
        let (revoke, reinstate) = try_join(self.batches.read(&revoke), self.batches.read(&reinstate)).await?;
        Ok(revoke.into_iter().chain(reinstate).collect())
    }

    /// Returns the filter for a customer's overdue confirmations.
    pub(crate) fn overdue(customer_id: &CustomerId) -> InstanceFilter {
        InstanceFilter {
            is_running: Some(true),
            trouble: Some(Trouble::NeedsAttention),
            subject: Some(customer_id.to_string()),
            ..InstanceFilter::default()
        }
    }

    async fn count_overdue(&self, customer_id: &CustomerId) -> Result<u64, ContractsError> {
        let overdue = self.confirmations.count(&Self::overdue(customer_id)).await?;
        Ok(u64::try_from(overdue).unwrap_or_default())
    }

    async fn customer(&self, customer_id: &CustomerId) -> Result<Option<Customer>, ContractsError> {
        self.found(&["customers", customer_id.as_str()]).await
    }

    /// Reads a resource of Contracts. Returns `None` if there is none.
    pub(crate) async fn found<T: DeserializeOwned>(&self, segments: &[&str]) -> Result<Option<T>, ContractsError> {
        match self.contracts.get(segments, &[]).await {
            Ok(found) => Ok(Some(found)),
            Err(CommandError::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the changes that a process has served, according to its time line.
fn served_in(timeline: &Timeline) -> Vec<CreditChangeId> {
    let delivered = timeline.entries.iter().filter_map(|entry| match &entry.event {
        TimelineEvent::Delivered(events) => Some(events),
        _ => None,
    });
    let changes = delivered.flatten().filter(|event| event.kind == "CustomerCreditRatingChanged");
    let read = |data| serde_json::from_value::<CustomerCreditRatingChanged>(data).ok();
    changes.filter_map(|event| Some(read(event.data.clone())?.credit_change_id)).collect()
}
