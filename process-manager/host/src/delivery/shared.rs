//! Everything that the deliveries of a turn share: their places, and the instances that cannot be delivered to.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::Utc;
use process_manager::instance::Delivery;
use process_manager_engine::subscription::Retrying;
use process_manager_wire::Position;
use tokio::{sync::Semaphore, time::Instant};

use super::{DeliveryError, DeliveryTarget};
use crate::subscription::Terms;

/// Instances that are delivered to at the same time; one that is tried again later leaves its place to others.
const AT_ONCE: usize = 32;
/// Instances that have got their events, but have not settled.
const MOST_UNSETTLED: usize = 256;
/// An instance is not given up before it has been tried so often, however long that took.
const FEWEST_ATTEMPTS: u32 = 3;
/// Instances that are named as retried.
const MOST_NAMED: usize = 10;

/// Everything that the deliveries of a turn share.
pub(super) struct Shared<'a, T> {
    pub(super) target: &'a T,
    pub(super) terms: Terms,
    places: Semaphore,
    pub(super) unsettled: Semaphore,
    /// Deliveries that have succeeded.
    successes: AtomicU64,
    troubles: Mutex<BTreeMap<String, Trouble>>,
}

/// An instance that cannot be delivered to.
#[derive(Debug, Clone)]
struct Trouble {
    began: Instant,
    /// The deliveries that had succeeded by then.
    successes: u64,
    shown: Retrying,
}

impl<'a, T> Shared<'a, T> {
    pub(super) fn new(target: &'a T, terms: Terms) -> Self {
        Self {
            target,
            terms,
            places: Semaphore::new(AT_ONCE),
            unsettled: Semaphore::new(MOST_UNSETTLED),
            successes: AtomicU64::new(0),
            troubles: Mutex::default(),
        }
    }

    fn troubles(&self) -> MutexGuard<'_, BTreeMap<String, Trouble>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn succeeded(&self, id: &str) {
        self.successes.fetch_add(1, Ordering::Relaxed);
        self.given_up(id);
    }

    /// Notes that nothing is tried again for the instance.
    pub(super) fn given_up(&self, id: &str) {
        let mut troubles = self.troubles();
        if troubles.remove(id).is_some() {
            self.show(&troubles);
        }
    }

    /// Notes a fault; returns how often it has failed, and whether the instance is to be given up.
    ///
    /// The fault is the instance's own only if the deliveries to others succeed: while Temporal, or what else is behind
    /// the target, is unavailable, nothing is given up.
    pub(super) fn failed(&self, id: &str, position: Position, why: String) -> (u32, bool) {
        let successes = self.successes.load(Ordering::Relaxed);
        let mut troubles = self.troubles();
        let trouble = troubles.entry(id.to_owned()).or_insert_with(|| Trouble {
            began: Instant::now(),
            successes,
            shown: Retrying { id: id.to_owned(), position, since: Utc::now(), attempts: 0, why: String::new() },
        });
        trouble.shown.attempts += 1;
        (trouble.shown.position, trouble.shown.why) = (position, why);
        let attempts = trouble.shown.attempts;
        let others_go_on = successes > trouble.successes || self.terms.redeliver.is_some();
        let is_long = attempts >= FEWEST_ATTEMPTS && trouble.began.elapsed() >= self.terms.give_up_after;
        self.show(&troubles);
        (attempts, is_long && others_go_on)
    }

    fn show(&self, troubles: &BTreeMap<String, Trouble>) {
        let mut shown: Vec<_> = troubles.values().map(|trouble| trouble.shown.clone()).collect();
        shown.sort_by_key(|retrying| retrying.since);
        shown.truncate(MOST_NAMED);
        self.terms.retrying.send_replace(shown);
    }
}

impl<T: DeliveryTarget> Shared<'_, T> {
    /// Delivers, as soon as there is a place.
    pub(super) async fn deliver(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        // Nobody closes the semaphore.
        let _place = self.places.acquire().await;
        self.target.deliver(id, events).await
    }
}
