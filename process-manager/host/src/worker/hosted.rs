//! The subscriptions that a worker hosts, and that have to run.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use process_manager::manager::StartFrom;
use temporalio_client::Client;
use tokio::{sync::OnceCell, time::interval};
use tokio_util::sync::CancellationToken;

use crate::{
    ended::EndedInstances,
    search_attributes::{OF_PROCESS_MANAGERS, register},
    start::StartError,
    subscription::ensure_subscription,
};

/// Interval at which the subscriptions are ensured.
const ENSURE_EVERY: Duration = Duration::from_secs(10);

/// The subscriptions that a worker hosts and that have to be started.
#[derive(Debug, Clone)]
pub struct HostedSubscriptions {
    pub(super) task_queue: String,
    pub(super) names: BTreeMap<String, StartFrom>,
    pub(super) ended: Arc<EndedInstances>,
    pub(super) stop: CancellationToken,
    pub(super) are_attributes_registered: Arc<OnceCell<()>>,
}

impl HostedSubscriptions {
    /// Calls [`HostedSubscriptions::ensure`] every 10 s, and reports each outcome. Never returns.
    pub async fn keep(&self, client: &Client, report: impl Fn(Result<(), StartError>)) {
        let mut ticks = interval(ENSURE_EVERY);
        loop {
            ticks.tick().await;
            report(self.ensure(client).await);
        }
    }

    /// Starts each subscription unless it runs. Call it at intervals as well, see [`ensure_subscription`], or use
    /// [`HostedSubscriptions::keep`].
    ///
    /// The first call registers the search attributes of instances ([`OF_PROCESS_MANAGERS`]) and waits until they can
    /// be used, however long it takes: without them no instance could be started. From then on, a separate task looks
    /// every [`Pace::sweep_every`](crate::subscription::Pace::sweep_every) for instances whose runs were ended from
    /// outside, until the worker's `stop` is cancelled. Each such instance goes on, parked (ADR 18).
    ///
    /// # Errors
    /// The first [`StartError`], if Temporal is unavailable or rejects a start. The others are started all the same.
    pub async fn ensure(&self, client: &Client) -> Result<(), StartError> {
        self.are_attributes_registered.get_or_init(|| register(client, &OF_PROCESS_MANAGERS)).await;
        self.ended.begin(&self.stop);
        let mut outcome = Ok(());
        for (name, start_from) in &self.names {
            let ensured = ensure_subscription(client, name, &self.task_queue, *start_from).await;
            outcome = outcome.and(ensured);
        }
        outcome
    }

    /// Returns their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}
