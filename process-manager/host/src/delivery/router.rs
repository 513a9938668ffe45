//! Routes the events of a log and delivers them: in order to each instance, to many instances at once.

use std::{collections::BTreeMap, marker::PhantomData, time::Duration};

use futures::{StreamExt, future::BoxFuture, stream};
use process_manager_client::Backoff;
use process_manager_wire::{CloudEvent, error_chain};
use tokio::time::sleep;

use crate::subscription::{EventHandler, Handled, HandlerError, Interrupted};
use process_manager::{
    instance::Delivery,
    manager::{Metadata, OnRoutingError, RouteKind, Routed, Routing, RoutingError, route},
};

/// Instances that are delivered to at the same time. The bench `subscription`, on a dev server that shares two cores with
/// the worker, tells no difference between 16 and 128: there the workflow tasks are what takes time.
const AT_ONCE: usize = 32;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why an instance did not take events.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// A fault, which is retried.
    #[error(transparent)]
    Fault(#[from] HandlerError),
    /// The first of them is a strict start, and the instance exists.
    #[error("it has been started already")]
    AlreadyStarted,
    /// The first of them is a strict continuation, and the instance does not exist.
    #[error("it has not been started")]
    NotStarted,
    /// Temporal rejects them; a retry is pointless.
    #[error("{0}")]
    Undeliverable(String),
}

/// The receiver of routed events: the instances of a process manager, or a workflow written by hand.
pub trait DeliveryTarget: Send + Sync + 'static {
    /// Delivers events to the instance of this id. It may be repeated after a crash, and dropped at any await. A strict
    /// event comes alone.
    ///
    /// # Errors
    /// [`DeliveryError::Fault`] is retried; the others ask [`Routing::on_routing_error`].
    fn deliver(&self, id: &str, events: &[Delivery]) -> impl Future<Output = Result<(), DeliveryError>> + Send;

    /// Reconciles state that no event announces, at regular intervals.
    ///
    /// # Errors
    /// [`HandlerError`] is logged, and the next sweep comes in its turn.
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
    /// Delivers to this target.
    pub(crate) fn new(target: T) -> Self {
        Self { target, routing: PhantomData }
    }

    /// Routes the events up to one that cannot be routed; that one's index and error.
    fn plan(events: &[CloudEvent]) -> (Plan, Option<Unroutable<R::Error>>) {
        let mut plan = Plan::default();
        for (index, event) in events.iter().enumerate() {
            match route::<R>(event) {
                Ok(Routed::To(kind, ids)) => {
                    for id in ids {
                        let delivery = Delivery { event: event.clone(), kind };
                        plan.entry(id).or_default().push((index, delivery));
                    }
                }
                Ok(Routed::PassedOver) => (),
                Ok(Routed::Malformed(why)) => {
                    tracing::error!(name = R::NAME, position = event.sequence, "{} is passed over: {why}", event.kind);
                }
                Err(error) => return (plan, Some((index, error))),
            }
        }
        (plan, None)
    }

    /// Delivers everything for one instance; the index of an event that could not be, and why.
    async fn deliver(
        &self,
        id: &str,
        mut events: &[(usize, Delivery)],
        attempt: u32,
    ) -> Result<(), (usize, Interrupted)> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut strict_attempt = attempt;
        while let Some((index, first)) = events.first() {
            let size = batch(events);
            let deliveries: Vec<_> = events[..size].iter().map(|(_, delivery)| delivery.clone()).collect();
            let error = match self.target.deliver(id, &deliveries).await {
                Ok(()) => {
                    events = &events[size..];
                    backoff.reset();
                    strict_attempt = 0;
                    continue;
                }
                Err(DeliveryError::Fault(error)) => {
                    tracing::warn!(name = R::NAME, id, "delivery is retried: {}", error_chain(&error));
                    backoff.wait().await;
                    continue;
                }
                Err(DeliveryError::AlreadyStarted) => RoutingError::AlreadyStarted(id.to_owned()),
                Err(DeliveryError::NotStarted) => RoutingError::NotStarted(id.to_owned()),
                Err(DeliveryError::Undeliverable(why)) => RoutingError::Undeliverable { id: id.to_owned(), why },
            };
            strict_attempt += 1;
            match decide::<R>(&error, &first.event, strict_attempt) {
                OnRoutingError::Retry => sleep(retry_pause(strict_attempt)).await,
                OnRoutingError::Skip => events = &events[1..],
                decision => return Err((*index, interrupted::<R>(decision, &error, &first.event))),
            }
        }
        Ok(())
    }

    /// Delivers what is planned, and returns the first event that could not be.
    async fn deliver_all(&self, plan: Plan, attempt: u32) -> Option<(usize, Interrupted)> {
        let deliveries = plan.iter().map(|(id, events)| {
            let attempt = if events.first().is_some_and(|(index, _)| *index == 0) { attempt } else { 0 };
            self.deliver(id, events, attempt)
        });
        let mut outcomes = stream::iter(deliveries.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
        let mut first: Option<(usize, Interrupted)> = None;
        while let Some(outcome) = outcomes.next().await {
            if let Err((index, why)) = outcome
                && first.as_ref().is_none_or(|(earlier, _)| index < *earlier)
            {
                first = Some((index, why));
            }
        }
        first
    }

    async fn handle(&self, events: &[CloudEvent], attempt: u32) -> Handled {
        let mut from = 0;
        let mut attempt = attempt;
        loop {
            let (plan, unroutable) = Self::plan(&events[from..]);
            if let Some((index, why)) = self.deliver_all(plan, attempt).await {
                return Handled { count: from + index, interrupted: Some(why) };
            }
            let Some((index, error)) = unroutable else { return Handled::all(events) };
            attempt = if index == 0 { attempt + 1 } else { 1 };
            from += index;
            let event = &events[from];
            match decide::<R>(&error, event, attempt) {
                OnRoutingError::Skip => (from, attempt) = (from + 1, 0),
                OnRoutingError::Retry => sleep(retry_pause(attempt)).await,
                decision => {
                    let interrupted = Some(interrupted::<R>(decision, &error, event));
                    return Handled { count: from, interrupted };
                }
            }
        }
    }
}

/// An event's index, and why it cannot be routed.
type Unroutable<E> = (usize, RoutingError<E>);
/// The deliveries to each instance, with each event's index.
type Plan = BTreeMap<String, Vec<(usize, Delivery)>>;

/// Most events in one delivery.
const BATCH: usize = 100;
/// Most bytes of data in one delivery of several events; the server takes at most 2 MiB.
const BATCH_BYTES: usize = 256 * 1024;

/// How many of the events go together: a strict one goes alone.
fn batch(events: &[(usize, Delivery)]) -> usize {
    let is_strict = |delivery: &Delivery| matches!(delivery.kind, RouteKind::StartStrict | RouteKind::ContinueStrict);
    let mut bytes = 0;
    let together = events.iter().take(BATCH).take_while(|(_, delivery)| {
        bytes += delivery.event.data.to_string().len();
        !is_strict(delivery) && bytes <= BATCH_BYTES
    });
    together.count().max(1)
}

fn decide<R: Routing>(error: &RoutingError<R::Error>, event: &CloudEvent, attempt: u32) -> OnRoutingError {
    let decision = R::on_routing_error(error, &Metadata::from(event), attempt);
    tracing::warn!(
        name = R::NAME,
        position = event.sequence,
        correlation_id = event.correlationid,
        attempt,
        "{} is not routed ({decision:?}): {}",
        event.kind,
        error_chain(error)
    );
    decision
}

fn interrupted<R: Routing>(
    decision: OnRoutingError,
    error: &RoutingError<R::Error>,
    event: &CloudEvent,
) -> Interrupted {
    match decision {
        OnRoutingError::RetryAfter(pause) => Interrupted::RetryAfter(pause),
        _ => Interrupted::Stop(format!(
            "{} at position {} could not be routed: {}",
            event.kind,
            event.sequence,
            error_chain(error)
        )),
    }
}

/// Returns no pause for the first attempts, then one that grows.
fn retry_pause(attempt: u32) -> Duration {
    if attempt <= 5 { Duration::ZERO } else { (FIRST_PAUSE * (1 << (attempt - 5).min(8))).min(LONGEST_PAUSE) }
}

impl<R: Routing, T: DeliveryTarget> EventHandler for EventRouter<R, T> {
    fn handle<'a>(&'a self, events: &'a [CloudEvent], attempt: u32) -> BoxFuture<'a, Handled> {
        Box::pin(self.handle(events, attempt))
    }

    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>> {
        Box::pin(self.target.sweep())
    }
}
