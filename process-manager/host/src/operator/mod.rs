//! A client for operators: lists, reads and signals the instances and subscriptions of any process manager.
//!
//! [`Operator`] knows a process manager by its type or only by its name, so a console can serve process managers that
//! it does not link. Each request is bounded in time. None needs a worker, except for details that only the query
//! `state` has.
//!
//! ```no_run
//! # async fn f(client: temporalio_client::Client) -> Result<(), process_manager_host::operator::OperatorError> {
//! use process_manager_host::operator::{InstanceFilter, Operator};
//!
//! let operator = Operator::new(client);
//! let transfers = operator.instances_of("TransferMoney");
//! let parked = InstanceFilter { is_running: Some(true), has_incident: Some(true), ..InstanceFilter::default() };
//! for instance in transfers.list(&parked, 50, Vec::new()).await?.items {
//!     transfers.retry(&instance.process_id, instance.failure_id()).await?;
//! }
//! # Ok(()) }
//! ```

mod batches;
mod ended;
mod error;
mod history;
mod instance;
mod instances;
mod read;
mod subscription;
mod timeline;
mod workflows;

use process_manager::manager::ProcessManager;

use crate::connect::LazyClient;

pub(crate) use self::{
    read::first,
    workflows::{bounded, json, within},
};

#[doc(hidden)]
pub use self::timeline::read as read_timeline;
pub use self::{
    batches::{BatchRun, Batches},
    ended::{ENDED_FROM_OUTSIDE, ended_with},
    error::OperatorError,
    history::History,
    instance::{Instance, InstanceStatus},
    instances::{End, InstanceFilter, Instances, Trouble},
    read::{PendingCommand, decode, innermost, memo, timestamp},
    subscription::SubscriptionHandle,
    timeline::{Answer, Timeline, TimelineEntry, TimelineEvent},
    workflows::{Described, Listed, Workflows, web_ui},
};

/// The client for operators. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Operator {
    workflows: Workflows,
}

impl Operator {
    /// Creates a client. With a [`LazyClient`], requests fail with [`OperatorError::NotConnected`] until there is a
    /// connection.
    #[must_use]
    pub fn new(client: impl Into<LazyClient>) -> Self {
        Self { workflows: Workflows::new(client) }
    }

    /// Returns the instances of the process manager `M`.
    #[must_use]
    pub fn instances<M: ProcessManager>(&self) -> Instances {
        self.instances_of(M::NAME)
    }

    /// Returns the instances of the process manager with this name.
    #[must_use]
    pub fn instances_of(&self, manager: impl Into<String>) -> Instances {
        Instances::new(self.workflows.clone(), manager.into())
    }

    /// Returns the subscription with this name.
    #[must_use]
    pub fn subscription(&self, name: impl Into<String>) -> SubscriptionHandle {
        SubscriptionHandle::new(self.workflows.clone(), name.into())
    }

    /// Returns the batches.
    #[must_use]
    pub fn batches(&self) -> Batches {
        Batches::new(self.workflows.clone())
    }

    /// Returns the requests about workflows of any type, on which the others are built.
    #[must_use]
    pub fn workflows(&self) -> &Workflows {
        &self.workflows
    }
}
