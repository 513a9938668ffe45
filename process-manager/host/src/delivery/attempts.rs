//! Delivers a batch of events to one instance: retries what fails, and lets the process manager decide.

use std::{sync::Arc, time::Duration};

use process_manager::{
    instance::Delivery,
    manager::{Metadata, OnRoutingError, RouteKind, Routing, RoutingError},
};
use process_manager_client::Backoff;
use process_manager_engine::activities::LeftOut;
use process_manager_wire::{CloudEvent, Position, error_chain};
use tokio::time::{sleep, timeout};

use super::{DeliveryError, DeliveryTarget, shared::Shared};
use crate::subscription::{HandlerError, Interrupted, Terms, cut, left_out};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Maximum number of events in one delivery.
const BATCH: usize = 100;
/// Maximum size of one delivery of several events, in bytes, envelopes included; the server takes at most 2 MiB.
pub(super) const BATCH_BYTES: usize = 256 * 1024;

/// An event on its way to an instance.
#[derive(Debug, Clone)]
pub(super) struct Queued {
    pub(super) event: Arc<CloudEvent>,
    /// Its size in a delivery.
    pub(super) bytes: usize,
    pub(super) kind: RouteKind,
}

/// Returns how many of the events go together: a strict event goes alone.
pub(super) fn batch<'a>(events: impl Iterator<Item = &'a Queued>) -> usize {
    let is_strict = |queued: &Queued| matches!(queued.kind, RouteKind::StartStrict | RouteKind::ContinueStrict);
    let mut bytes = 0;
    let together = events.take(BATCH).take_while(|queued| {
        bytes += queued.bytes;
        !is_strict(queued) && bytes <= BATCH_BYTES
    });
    together.count().max(1)
}

/// The outcome of a batch.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) id: String,
    /// The events that were delivered or skipped.
    pub(super) positions: Vec<Position>,
    /// The position of the first event that was not, and the reason.
    pub(super) interrupted: Option<(Position, Interrupted)>,
    /// The events that should have been redelivered but were skipped, and why.
    pub(super) left_out: Vec<LeftOut>,
}

/// Delivers a batch of events. The first of them was tried `attempt` times before.
pub(super) async fn deliver<R: Routing, T: DeliveryTarget>(
    shared: Arc<Shared<'_, T>>,
    id: String,
    mut events: Vec<Queued>,
    mut attempt: u32,
) -> Done {
    let mut done = Done { id, positions: Vec::new(), interrupted: None, left_out: Vec::new() };
    let last = events.last().map(|queued| Arc::clone(&queued.event));
    while !events.is_empty() {
        let delivered = deliver_some::<R, T>(&shared, &mut done, &mut events).await;
        let Err(error) = delivered else {
            attempt = 0;
            continue;
        };
        attempt += 1;
        let metadata = Metadata::from(events[0].event.as_ref());
        match decide::<R>(&error, &metadata, attempt) {
            OnRoutingError::Retry if shared.terms.retries(attempt) => {
                shared.failed(&done.id, metadata.position, cut(&error_chain(&error)));
                sleep(retry_pause(attempt)).await;
            }
            decision if decision == OnRoutingError::Skip || shared.terms.redeliver.is_some() => {
                if attempt > 1 {
                    shared.given_up(&done.id);
                }
                events.remove(0);
                done.positions.push(metadata.position);
                done.left_out.push(left_out(metadata.position, &error_chain(&error)));
                attempt = 0;
            }
            decision => {
                done.interrupted = Some((metadata.position, interrupted::<R>(decision, &error, &metadata, attempt)));
                return done;
            }
        }
    }
    if let (Some(last), Ok(_permit)) = (last, shared.unsettled.acquire().await) {
        settle::<R, T>(&shared, &done.id, &last).await;
    }
    done
}

/// Waits until the instance has settled, or has taken too long.
async fn settle<R: Routing, T: DeliveryTarget>(shared: &Shared<'_, T>, id: &str, last: &CloudEvent) {
    if timeout(shared.terms.settle_within, shared.target.settled(id, last)).await.is_err() {
        let (name, position) = (R::NAME, last.sequence);
        tracing::warn!(name, id, position, "has not been handled for long: not waited for");
    }
}

/// Delivers the first events, as many as go together. If none can be delivered, returns what is wrong with the very
/// first.
async fn deliver_some<R: Routing, T: DeliveryTarget>(
    shared: &Shared<'_, T>,
    done: &mut Done,
    events: &mut Vec<Queued>,
) -> Result<(), RoutingError<R::Error>> {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut size = events.len();
    let id = done.id.clone();
    loop {
        match shared.deliver(&id, &deliveries(&shared.terms, &events[..size])).await {
            Ok(()) => {
                shared.succeeded(&id);
                done.positions.extend(events.drain(..size).map(|queued| queued.event.sequence));
                return Ok(());
            }
            Err(DeliveryError::Fault(fault)) => {
                retried::<R, T>(shared, &id, &events[0], &fault)?;
                backoff.wait().await;
            }
            // The cause may be one of them, or their number.
            Err(DeliveryError::Undeliverable(_)) if size > 1 => size /= 2,
            Err(DeliveryError::Undeliverable(why)) => return Err(RoutingError::Undeliverable { id, why }),
            Err(DeliveryError::AlreadyStarted) => return Err(RoutingError::AlreadyStarted(id)),
            Err(DeliveryError::NotStarted) => return Err(RoutingError::NotStarted(id)),
        }
    }
}

fn deliveries(terms: &Terms, events: &[Queued]) -> Vec<Delivery> {
    let delivery = |queued: &Queued| {
        let mut delivery = Delivery::new(queued.event.as_ref().clone(), queued.kind);
        delivery.redelivered = terms.redeliver.is_some();
        delivery.continues.clone_from(&terms.continues);
        delivery
    };
    events.iter().map(delivery).collect()
}

/// Records a fault; if the instance is given up, returns the error for that.
fn retried<R: Routing, T>(
    shared: &Shared<'_, T>,
    id: &str,
    first: &Queued,
    fault: &HandlerError,
) -> Result<(), RoutingError<R::Error>> {
    let why = error_chain(fault);
    let (attempts, give_up) = shared.failed(id, first.event.sequence, cut(&why));
    if give_up {
        let seconds = shared.terms.give_up_after.as_secs();
        let why = format!("it could not be delivered to for more than {seconds} s, {attempts} times: {why}");
        return Err(RoutingError::Undeliverable { id: id.to_owned(), why });
    }
    tracing::warn!(name = R::NAME, id, attempts, "delivery is retried: {why}");
    Ok(())
}

/// Lets the process manager decide about an event that could not be routed or delivered.
pub(super) fn decide<R: Routing>(error: &RoutingError<R::Error>, metadata: &Metadata, attempt: u32) -> OnRoutingError {
    let decision = R::on_routing_error(error, metadata, attempt);
    let (name, position, why) = (R::NAME, metadata.position, error_chain(error));
    let (what, correlation_id) = (what(metadata), metadata.correlation_id.as_str());
    if decision == OnRoutingError::Skip {
        tracing::error!(name, position, correlation_id, attempt, "{what} is passed over: {why}");
    } else {
        tracing::warn!(name, position, correlation_id, attempt, "{what} is not routed ({decision:?}): {why}");
    }
    decision
}

pub(super) fn interrupted<R: Routing>(
    decision: OnRoutingError,
    error: &RoutingError<R::Error>,
    metadata: &Metadata,
    attempt: u32,
) -> Interrupted {
    match decision {
        OnRoutingError::RetryAfter(pause) => Interrupted::RetryAfter(pause, attempt),
        _ => Interrupted::Stop(format!(
            "{} at position {} could not be routed: {}",
            what(metadata),
            metadata.position,
            error_chain(error)
        )),
    }
}

fn what(metadata: &Metadata) -> &str {
    if metadata.kind.is_empty() { "an entry of the log" } else { &metadata.kind }
}

/// Returns no pause for the first attempts, then a growing one.
pub(super) fn retry_pause(attempt: u32) -> Duration {
    if attempt <= 5 { Duration::ZERO } else { (FIRST_PAUSE * (1 << (attempt - 5).min(8))).min(LONGEST_PAUSE) }
}
