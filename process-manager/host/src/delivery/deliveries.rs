//! The deliveries of a turn. Each instance gets its events in order, and no instance waits for another: while delivery
//! to one fails, later events are read and delivered. The position passes an event only when everything before it is
//! done, so nothing is lost when the turn ends. Instances drop what comes again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use metrics::counter;
use process_manager::manager::{Metadata, OnRoutingError, RouteKind, Routed, Routing, RoutingError, knows, route};
use process_manager_client::feed::FeedEvent;
use process_manager_engine::activities::LeftOut;
use process_manager_wire::{Position, error_chain};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{
    DeliveryTarget,
    attempts::{Done, Queued, batch, decide, deliver, interrupted, retry_pause},
    shared::Shared,
    unrouted::Unrouted,
    window::Window,
};
use crate::subscription::{Delivering, Interrupted, Passed, Terms, left_out};

/// How many entries are read ahead of the position while an instance holds it up.
const AHEAD: usize = 5_000;
/// How many bytes of events are read ahead.
const AHEAD_BYTES: usize = 64 * 1024 * 1024;
/// How many bytes count for each delivery of an event, besides the id of the instance.
const DELIVERY_BYTES: usize = 1024;
/// How often routing an event is attempted within a turn. Then the turn ends, and its state says that the event is
/// retried.
const ATTEMPTS_IN_TURN: u32 = 5;
/// Routing blocks the deliveries for no longer than this, unless a single event takes longer.
const SLICE: Duration = Duration::from_millis(20);

/// The deliveries of a turn to a target.
pub(super) struct Deliveries<'a, R: Routing, T> {
    shared: Arc<Shared<'a, T>>,
    /// The entries that were read but not routed yet.
    unrouted: Unrouted,
    window: Window,
    /// The events that wait for an instance, behind the batch that is being delivered to it.
    queues: BTreeMap<String, VecDeque<Queued>>,
    in_hand: FuturesUnordered<BoxFuture<'a, Done>>,
    /// The event that was tried before, and how often.
    tried: Option<(Position, u32)>,
    /// Nothing is routed before this time.
    pause: Option<Instant>,
    /// Events that hold up the position until an operator decides, or for a while.
    interrupted: BTreeMap<Position, Interrupted>,
    left_out: Vec<LeftOut>,
    routing: std::marker::PhantomData<fn(R)>,
}

impl<'a, R: Routing, T: DeliveryTarget> Deliveries<'a, R, T> {
    pub(super) fn new(target: &'a T, terms: Terms) -> Self {
        Self {
            shared: Arc::new(Shared::new(target, terms)),
            unrouted: Unrouted::default(),
            window: Window::default(),
            queues: BTreeMap::new(),
            in_hand: FuturesUnordered::new(),
            tried: None,
            pause: None,
            interrupted: BTreeMap::new(),
            left_out: Vec::new(),
            routing: std::marker::PhantomData,
        }
    }

    /// Routes the next entries, for one time slice.
    fn route_some(&mut self) {
        let began = Instant::now();
        while self.can_route() && began.elapsed() < SLICE {
            let Some((entry, bytes)) = self.unrouted.pop() else { return };
            match plan::<R>(&entry) {
                Ok(Some((kind, ids))) => self.queue(entry, bytes, kind, ids),
                Ok(None) => self.pass_over(&entry, "it is routed to no instance"),
                Err(error) => self.unroutable(entry, bytes, &error),
            }
        }
    }

    fn can_route(&self) -> bool {
        // One event may go to any number of instances.
        let has_room = self.window.bytes() < AHEAD_BYTES;
        self.interrupted.is_empty() && self.pause.is_none() && !self.unrouted.is_empty() && has_room
    }

    fn queue(&mut self, entry: FeedEvent, bytes: usize, kind: RouteKind, mut ids: Vec<String>) {
        if let Some(only) = self.shared.terms.redeliver.as_ref().and_then(|asked| asked.instance.as_ref()) {
            ids.retain(|id| id == only);
        }
        if ids.is_empty() {
            return self.pass_over(&entry, "it is not routed to the instance");
        }
        let deliveries: usize = ids.iter().map(|id| id.len() + DELIVERY_BYTES).sum();
        self.window.open(&entry, ids.len(), bytes + deliveries);
        let FeedEvent::Event(event) = entry else { return };
        let event: Arc<_> = Arc::from(event);
        for id in ids {
            let queued = Queued { event: Arc::clone(&event), bytes, kind };
            match self.queues.get_mut(&id) {
                Some(waiting) => waiting.push_back(queued),
                None => {
                    self.queues.insert(id.clone(), [queued].into());
                    self.start(id);
                }
            }
        }
    }

    fn pass_over(&mut self, entry: &FeedEvent, why: &str) {
        if self.shared.terms.redeliver.is_some() {
            self.left_out.push(left_out(entry.position(), why));
        }
        self.window.open(entry, 0, 0);
    }

    fn unroutable(&mut self, entry: FeedEvent, bytes: usize, error: &RoutingError<R::Error>) {
        let metadata = metadata(&entry);
        let attempt = self.attempts(metadata.position) + 1;
        self.tried = Some((metadata.position, attempt));
        let redelivers = self.shared.terms.redeliver.is_some();
        let decision = match decide::<R>(error, &metadata, attempt) {
            OnRoutingError::Retry if !redelivers && attempt > ATTEMPTS_IN_TURN => {
                OnRoutingError::RetryAfter(retry_pause(attempt))
            }
            decision => decision,
        };
        match decision {
            OnRoutingError::Retry if self.shared.terms.retries(attempt) => {
                self.pause = Some(retry_pause(attempt)).filter(|pause| !pause.is_zero()).map(|it| Instant::now() + it);
                self.unrouted.put_back(entry, bytes);
            }
            decision if decision == OnRoutingError::Skip || redelivers => {
                self.pass_over(&entry, &error_chain(error));
            }
            decision => {
                self.window.open(&entry, 1, 0);
                self.interrupted.insert(metadata.position, interrupted::<R>(decision, error, &metadata, attempt));
            }
        }
    }

    /// Returns how often the event was tried before.
    fn attempts(&self, position: Position) -> u32 {
        self.tried.filter(|(tried, _)| *tried == position).map_or(0, |(_, attempts)| attempts)
    }

    /// Begins to deliver the events that wait for the instance.
    fn start(&mut self, id: String) {
        let Some(waiting) = self.queues.get_mut(&id) else { return };
        let size = batch(waiting.iter());
        let events: Vec<_> = waiting.drain(..size.min(waiting.len())).collect();
        let Some(first) = events.first() else {
            self.queues.remove(&id);
            return;
        };
        let attempts = self.attempts(first.event.sequence);
        self.in_hand.push(deliver::<R, T>(Arc::clone(&self.shared), id, events, attempts).boxed());
    }

    fn done(&mut self, done: Done) {
        done.positions.iter().for_each(|position| self.window.done(*position));
        if self.shared.terms.redeliver.is_some() {
            self.left_out.extend(done.left_out);
        }
        match done.interrupted {
            None => self.start(done.id),
            // Its later events wait for the decision.
            Some((position, why)) => {
                self.interrupted.insert(position, why);
            }
        }
    }
}

impl<R: Routing, T: DeliveryTarget> Delivering for Deliveries<'_, R, T> {
    fn take(&mut self, entries: Vec<FeedEvent>) {
        if let (None, Some(first), tried @ 1..) = (self.tried, entries.first(), self.shared.terms.attempt) {
            self.tried = Some((first.position(), tried));
        }
        self.unrouted.extend(entries);
    }

    fn has_room(&self) -> bool {
        let ahead = self.unrouted.len() + self.window.len();
        self.interrupted.is_empty() && ahead < AHEAD && self.unrouted.bytes() + self.window.bytes() < AHEAD_BYTES
    }

    fn is_empty(&self) -> bool {
        self.unrouted.is_empty() && self.window.len() == 0
    }

    fn advance(&mut self) -> BoxFuture<'_, Result<Passed, Interrupted>> {
        async move {
            loop {
                if let Some(passed) = self.window.pass() {
                    return Ok(passed);
                }
                if let Some(why) = self.window.first().and_then(|first| self.interrupted.remove(&first)) {
                    return Err(why);
                }
                if self.can_route() {
                    self.route_some();
                    yield_now().await;
                    // Deliveries go on between two slices.
                    while let Some(Some(done)) = self.in_hand.next().now_or_never() {
                        self.done(done);
                    }
                    continue;
                }
                let pause = self.pause;
                tokio::select! {
                    Some(done) = self.in_hand.next() => self.done(done),
                    () = wait_until(pause), if pause.is_some() => self.pause = None,
                    // More has to arrive first.
                    else => std::future::pending().await,
                }
            }
        }
        .boxed()
    }

    fn left_out(&mut self) -> Vec<LeftOut> {
        std::mem::take(&mut self.left_out)
    }
}

async fn wait_until(time: Option<Instant>) {
    if let Some(time) = time {
        sleep_until(time).await;
    }
}

type Planned<E> = Result<Option<(RouteKind, Vec<String>)>, RoutingError<E>>;

/// Returns where an entry goes; `None` if nobody wants it.
fn plan<R: Routing>(entry: &FeedEvent) -> Planned<R::Error> {
    match entry {
        FeedEvent::Event(event) => Ok(match route::<R>(event)? {
            Routed::To(kind, ids) if !ids.is_empty() => Some((kind, ids)),
            _ => None,
        }),
        FeedEvent::Malformed { position, kind, reason, .. } => {
            counter!("subscription_malformed_events_total", "subscription" => R::NAME).increment(1);
            match kind {
                Some(kind) if !knows::<R>(kind) => {
                    tracing::error!(name = R::NAME, position, reason, "a malformed {kind} is passed over");
                    Ok(None)
                }
                _ => Err(RoutingError::Malformed(reason.clone())),
            }
        }
    }
}

/// Returns the metadata of an entry. An entry that is not an event has only a position, a log and perhaps a type.
fn metadata(entry: &FeedEvent) -> Metadata {
    match entry {
        FeedEvent::Event(event) => Metadata::from(event.as_ref()),
        FeedEvent::Malformed { position, logid, kind, .. } => Metadata {
            id: String::new(),
            kind: kind.clone().unwrap_or_default(),
            source: String::new(),
            subject: String::new(),
            time: chrono::DateTime::UNIX_EPOCH,
            position: *position,
            log: logid.clone().unwrap_or_default(),
            correlation_id: String::new(),
            causation_id: String::new(),
        },
    }
}

#[cfg(test)]
mod tests;
