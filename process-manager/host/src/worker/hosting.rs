//! Puts process managers and subscriptions into a worker.

use std::{collections::BTreeMap, sync::Arc};

use temporalio_client::Client;
use temporalio_sdk::{WorkerOptions, workflows::WorkflowRegistrationError};
use tokio_util::sync::CancellationToken;

use process_manager_engine::{instance::ProcessInstance, subscription::Subscription};

use super::{Dispatcher, dispatch::Dispatchers, logs::Logs};
use crate::{
    delivery::{DeliveryTarget, EventRouter, Instances},
    start::StartError,
    subscription::{Pace, Subscriptions, ensure_subscription},
};
use process_manager::manager::{ProcessManager, Routing, StartFrom};
use process_manager_client::feed::EventSource;

type Register = Box<dyn FnOnce(&mut WorkerOptions) -> Result<(), WorkflowRegistrationError>>;

/// The process managers of a worker.
///
/// ```ignore
/// let hosting = Hosting::new(client, "transfers", stop)
///     .manager::<TransferMoney>(FeedClient::new(accounts.clone())?, HttpDispatcher::new(accounts)?);
/// let names = hosting.register(&mut worker_options)?;
/// names.ensure(&client).await?;
/// ```
pub struct Hosting {
    client: Client,
    task_queue: String,
    subscriptions: Subscriptions,
    dispatchers: Dispatchers,
    logs: Logs,
    workflows: Vec<Register>,
    names: BTreeMap<String, StartFrom>,
    pace: Pace,
}

/// The subscriptions that a worker hosts, to be started.
#[derive(Debug, Clone)]
pub struct HostedSubscriptions {
    task_queue: String,
    names: BTreeMap<String, StartFrom>,
}

impl Hosting {
    /// Nothing yet. Once `stop` is cancelled, subscriptions hand over to another worker.
    #[must_use]
    pub fn new(client: Client, task_queue: impl Into<String>, stop: CancellationToken) -> Self {
        Self {
            client,
            task_queue: task_queue.into(),
            subscriptions: Subscriptions::new(stop),
            dispatchers: Dispatchers::default(),
            logs: Logs::default(),
            workflows: Vec::new(),
            names: BTreeMap::new(),
            pace: Pace::default(),
        }
    }

    /// How often what comes after this sweeps, and how long its turns are.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Hosts a process manager that follows this log. Its subscription has its name.
    #[must_use]
    pub fn manager<M: ProcessManager>(
        mut self,
        source: impl EventSource + 'static,
        dispatcher: impl Dispatcher<M::Command>,
    ) -> Self {
        self.dispatchers.add::<M::Command>(M::NAME, dispatcher);
        self.workflows.push(Box::new(|options| options.register_workflow::<ProcessInstance<M>>().map(|_| ())));
        self.also_follows::<M>(M::NAME, source)
    }

    /// Makes a process manager that is hosted follow one more log, by a subscription of this name.
    #[must_use]
    pub fn also_follows<M: ProcessManager>(mut self, name: &str, source: impl EventSource + 'static) -> Self {
        let source = Arc::new(source);
        self.logs.add(M::NAME, source.clone());
        let target = Instances::<M>::new(self.client.clone(), self.task_queue.clone());
        self.subscribe(name, source, M::options().start_from, EventRouter::<M, _>::new(target))
    }

    /// Routes the events of this log to a target of one's own, by a subscription of this name.
    #[must_use]
    pub fn routed<R: Routing>(
        self,
        name: &str,
        source: impl EventSource + 'static,
        target: impl DeliveryTarget + 'static,
    ) -> Self {
        self.subscribe(name, Arc::new(source), StartFrom::Origin, EventRouter::<R, _>::new(target))
    }

    fn subscribe<R: Routing, T: DeliveryTarget + 'static>(
        mut self,
        name: &str,
        source: Arc<dyn EventSource>,
        start_from: StartFrom,
        router: EventRouter<R, T>,
    ) -> Self {
        self.subscriptions = self.subscriptions.with(name, source, Arc::new(router), self.pace);
        self.names.insert(name.to_owned(), start_from);
        self
    }

    /// Registers everything with the worker. The subscriptions run once they have been started, see
    /// [`HostedSubscriptions::ensure`].
    ///
    /// # Errors
    /// Two workflows have one name.
    pub fn register(self, options: &mut WorkerOptions) -> Result<HostedSubscriptions, WorkflowRegistrationError> {
        for register in self.workflows {
            register(options)?;
        }
        options.register_workflow::<Subscription>()?;
        options.register_activities(self.subscriptions);
        options.register_activities(self.dispatchers).register_activities(self.logs);
        Ok(HostedSubscriptions { task_queue: self.task_queue, names: self.names })
    }
}

impl HostedSubscriptions {
    /// Starts each subscription unless it runs. To be called at intervals as well, see [`ensure_subscription`].
    ///
    /// # Errors
    /// Temporal is unavailable, or rejects a start.
    pub async fn ensure(&self, client: &Client) -> Result<(), StartError> {
        for (name, start_from) in &self.names {
            ensure_subscription(client, name, &self.task_queue, *start_from).await?;
        }
        Ok(())
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}
