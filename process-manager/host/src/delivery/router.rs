//! Routes the events of a log and delivers them: in order to each instance, to many instances at once.

use std::marker::PhantomData;

use futures::future::BoxFuture;
use process_manager_wire::CloudEvent;

use super::deliveries::Deliveries;
use crate::subscription::{Delivering, EventHandler, HandlerError, Terms};
use process_manager::{instance::Delivery, manager::Routing};

/// The reason why an instance did not take events.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// A fault. It is retried, while deliveries to other instances go on. Once it has lasted for
    /// [`Pace::give_up_after`](crate::subscription::Pace), and deliveries to others have succeeded meanwhile,
    /// [`Routing::on_routing_error`] is asked about `Undeliverable`.
    #[error(transparent)]
    Fault(#[from] HandlerError),
    /// The first event is a strict start, and the instance exists.
    #[error("it has been started already")]
    AlreadyStarted,
    /// The first event is a strict continuation, and the instance does not exist.
    #[error("it has not been started")]
    NotStarted,
    /// The instance cannot take them; a retry is pointless. Several events are divided until the one that fails is
    /// known.
    #[error("{0}")]
    Undeliverable(String),
}

/// The receiver of routed events: the instances of a process manager, or a hand-written workflow.
pub trait DeliveryTarget: Send + Sync + 'static {
    /// Delivers events to the instance with this id. It may be repeated after a crash, and dropped at any await. A
    /// strict event comes alone.
    ///
    /// # Errors
    /// [`DeliveryError::Fault`] is retried; for the others, [`Routing::on_routing_error`] is asked.
    fn deliver(&self, id: &str, events: &[Delivery]) -> impl Future<Output = Result<(), DeliveryError>> + Send;

    /// Returns once the last delivered event may count as done. The subscription's position passes it then, or after
    /// 2 minutes. Deliveries to other instances go on meanwhile. By default it returns at once.
    fn settled(&self, _id: &str, _last: &CloudEvent) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Reconciles state that no event announces, at regular intervals.
    ///
    /// # Errors
    /// [`HandlerError`] is logged, and the next sweep comes as scheduled.
    fn sweep(&self) -> impl Future<Output = Result<(), HandlerError>> + Send {
        async { Ok(()) }
    }
}

/// Routes the events of a log to a target.
pub(crate) struct EventRouter<R, T> {
    target: T,
    routing: PhantomData<fn(R)>,
}

impl<R: Routing, T: DeliveryTarget> EventRouter<R, T> {
    /// Creates a router that delivers to this target.
    pub(crate) fn new(target: T) -> Self {
        Self { target, routing: PhantomData }
    }
}

impl<R: Routing, T: DeliveryTarget> EventHandler for EventRouter<R, T> {
    fn begin(&self, terms: Terms) -> Box<dyn Delivering + Send + '_> {
        Box::new(Deliveries::<R, T>::new(&self.target, terms))
    }

    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>> {
        Box::pin(self.target.sweep())
    }
}
