//! Puts process managers and subscriptions into a worker.

use std::{collections::BTreeMap, sync::Arc};

use process_manager::{
    batch::Batch,
    manager::{ProcessManager, Routing, StartFrom},
};
use process_manager_client::feed::{EventSource, SharedSource};
use process_manager_engine::{
    batch::{Batch as BatchRun, BatchFailures},
    instance::ProcessInstance,
    subscription::Subscription,
};
use serde_json::Value;
use temporalio_client::Client;
use temporalio_common::WorkflowDefinition;
use temporalio_sdk::{WorkerOptions, activities::ActivityImplementer, workflows::WorkflowRegistrationError};
use temporalio_workflow::workflows::WorkflowImplementation;
use tokio_util::sync::CancellationToken;

use super::{Dispatcher, HostedSubscriptions, dispatch::Dispatchers, logs::Logs, manager::Manager};
use crate::{
    batch::{HostedBatches, ItemSource},
    delivery::{DeliveryTarget, EventRouter, Instances},
    ended::EndedInstances,
    subscription::{EventHandler, Pace, Subscriptions},
};

type Register = Box<dyn FnOnce(&mut WorkerOptions) -> Result<(), WorkflowRegistrationError>>;

/// The reason why a worker cannot host what it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostingError {
    /// Two subscriptions have the same name.
    #[error("there are two subscriptions of the name {0}")]
    SubscriptionTwice(String),
    /// The workflow ids of two process managers or batches can clash: their names are equal, or one begins with the
    /// other and a hyphen.
    #[error("{0} and {1} can have the same workflow ids; give one of them another name")]
    AmbiguousNames(&'static str, &'static str),
    /// JSON cannot hold the settings of a process manager, or they exceed 16 KiB.
    #[error("the settings of {0} cannot be used: {1}")]
    Settings(&'static str, String),
    /// Two workflows have one name.
    #[error(transparent)]
    Workflow(#[from] WorkflowRegistrationError),
}

/// The process managers of a worker.
///
/// ```no_run
/// # use process_manager::manager::ProcessManager;
/// # use process_manager_client::feed::FeedClient;
/// # use process_manager_host::{Hosting, HttpDispatcher, Manager};
/// # async fn host<TransferMoney: ProcessManager>(
/// #     client: temporalio_client::Client,
/// #     mut worker_options: temporalio_sdk::WorkerOptions,
/// #     stop: tokio_util::sync::CancellationToken,
/// #     accounts: url::Url,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let transfers = Manager::<TransferMoney>::new(FeedClient::new(accounts.clone())?, HttpDispatcher::new(accounts)?);
/// let hosting = Hosting::new(client.clone(), "transfers", stop).manager(transfers);
/// let subscriptions = hosting.register(&mut worker_options)?;
/// tokio::spawn(async move {
///     let report = |outcome| tracing::debug!(?outcome, "subscriptions are ensured");
///     subscriptions.keep(&client, report).await;
/// });
/// # Ok(())
/// # }
/// ```
pub struct Hosting {
    client: Client,
    task_queue: String,
    stop: CancellationToken,
    dispatchers: Dispatchers,
    logs: Logs,
    batches: HostedBatches,
    registrations: Vec<Register>,
    managers: Vec<&'static str>,
    subscriptions: Vec<Hosted>,
    ended: Vec<fn(&mut EndedInstances)>,
    /// The reason why something cannot be hosted.
    unusable: Option<HostingError>,
    pace: Pace,
}

struct Hosted {
    name: String,
    source: SharedSource,
    handler: Arc<dyn EventHandler>,
    start_from: StartFrom,
    pace: Option<Pace>,
}

impl Hosting {
    /// Creates an empty hosting. Once `stop` is cancelled, subscriptions hand over to another worker.
    #[must_use]
    pub fn new(client: Client, task_queue: impl Into<String>, stop: CancellationToken) -> Self {
        let task_queue = task_queue.into();
        Self {
            client,
            dispatchers: Dispatchers::new(task_queue.clone()),
            batches: HostedBatches::new(task_queue.clone(), stop.clone()),
            task_queue,
            stop,
            logs: Logs::default(),
            registrations: Vec::new(),
            managers: Vec::new(),
            subscriptions: Vec::new(),
            ended: Vec::new(),
            unusable: None,
            pace: Pace::default(),
        }
    }

    /// Sets how often subscriptions sweep and how long their turns are, for all that have no pace of their own.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Hosts a process manager.
    #[must_use]
    pub fn manager<M: ProcessManager>(mut self, manager: Manager<M>) -> Self {
        self.dispatchers.add(M::NAME, manager.dispatcher, manager.starts_batches);
        self.registrations.push(Box::new(|options| options.register_workflow::<ProcessInstance<M>>().map(|_| ())));
        self.managers.push(M::NAME);
        self.ended.push(EndedInstances::add::<M>);
        let settings = manager.settings.unwrap_or_else(|why| {
            self.unusable.get_or_insert(HostingError::Settings(M::NAME, why));
            Value::Null
        });
        for (name, source) in manager.sources {
            self.logs.add(M::NAME, source.clone());
            let target = Instances::<M>::new(self.client.clone(), self.task_queue.clone(), settings.clone());
            self.subscriptions.push(Hosted {
                name,
                source,
                handler: Arc::new(EventRouter::<M, _>::new(target)),
                start_from: M::options().start_from,
                pace: manager.pace,
            });
        }
        self
    }

    /// Hosts a batch, with the source of its items and the dispatcher of its commands. The batch learns of a pause
    /// within a second if the worker's `max_heartbeat_throttle_interval` is a second; the SDK's default is longer.
    #[must_use]
    pub fn batch<B: Batch>(mut self, source: impl ItemSource<B>, dispatcher: impl Dispatcher<B::Command>) -> Self {
        self.batches.add::<B>(source, dispatcher);
        self
    }

    /// Routes the events of this log to a custom target, by a subscription with this name.
    #[must_use]
    pub fn routed<R: Routing>(
        mut self,
        name: impl Into<String>,
        source: impl EventSource,
        target: impl DeliveryTarget,
    ) -> Self {
        self.subscriptions.push(Hosted {
            name: name.into(),
            source: SharedSource::new(source),
            handler: Arc::new(EventRouter::<R, _>::new(target)),
            start_from: StartFrom::Origin,
            pace: None,
        });
        self
    }

    /// Hosts a hand-written workflow, such as one that a [`DeliveryTarget`] starts.
    #[must_use]
    pub fn workflow<W: WorkflowImplementation>(mut self) -> Self
    where
        <W::Run as WorkflowDefinition>::Input: Send,
    {
        self.registrations.push(Box::new(|options| options.register_workflow::<W>().map(|_| ())));
        self
    }

    /// Hosts the activities of hand-written workflows.
    #[must_use]
    pub fn activities<A: ActivityImplementer + 'static>(mut self, activities: A) -> Self {
        self.registrations.push(Box::new(|options| {
            options.register_activities(activities);
            Ok(())
        }));
        self
    }

    /// Registers everything with the worker. The subscriptions run once they are started, see
    /// [`HostedSubscriptions::ensure`].
    ///
    /// # Errors
    /// [`HostingError`] if names are not unique.
    pub fn register(self, options: &mut WorkerOptions) -> Result<HostedSubscriptions, HostingError> {
        let batches = self.batches.names();
        check_names(&self.managers.iter().copied().chain(batches).collect::<Vec<_>>())?;
        if let Some(error) = self.unusable {
            return Err(error);
        }
        for register in self.registrations {
            register(options)?;
        }
        let mut names = BTreeMap::new();
        let mut subscriptions = Subscriptions::new(self.stop.clone());
        let mut ended = EndedInstances::new(self.client, self.task_queue.clone(), self.pace.sweep_every);
        self.ended.into_iter().for_each(|add| add(&mut ended));
        ended.add_batches();
        for Hosted { name, source, handler, start_from, pace } in self.subscriptions {
            if names.insert(name.clone(), start_from).is_some() {
                return Err(HostingError::SubscriptionTwice(name));
            }
            subscriptions.add(name, source, handler, pace.unwrap_or(self.pace));
        }
        options.register_workflow::<Subscription>()?;
        options.register_workflow::<BatchRun>()?;
        options.register_workflow::<BatchFailures>()?;
        options.register_activities(subscriptions);
        options.register_activities(self.dispatchers).register_activities(self.logs);
        options.register_activities(self.batches);
        Ok(HostedSubscriptions {
            task_queue: self.task_queue,
            names,
            ended: Arc::new(ended),
            stop: self.stop,
            are_attributes_registered: Arc::default(),
        })
    }
}

/// Checks the names of process managers and batches: instance `B-1` of the process manager `A` and instance `1` of
/// `A-B` would be one workflow, and so would instances of one id of two that have the same name.
fn check_names(managers: &[&'static str]) -> Result<(), HostingError> {
    let clash =
        |one: &str, other: &str| other.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    for (at, one) in managers.iter().enumerate() {
        let (before, after) = (&managers[..at], &managers[at + 1..]);
        if let Some(other) = before.iter().chain(after).find(|other| clash(one, other)) {
            return Err(HostingError::AmbiguousNames(one, other));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_whose_workflow_ids_can_be_the_same_are_an_error() {
        assert!(check_names(&["Transfer", "TransferMoney", "Confirmation"]).is_ok());
        assert!(matches!(check_names(&["A-B", "C", "A"]), Err(HostingError::AmbiguousNames("A", "A-B"))));
        assert!(matches!(check_names(&["A", "C", "A"]), Err(HostingError::AmbiguousNames("A", "A"))));
    }
}
