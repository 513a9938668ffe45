//! What the deliveries of a turn share: their places, and the instances to which delivery fails.

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

/// How many instances are delivered to at the same time; one that is retried later leaves its place to others.
const AT_ONCE: usize = 32;
/// How many instances may have received their events but not settled.
const MOST_UNSETTLED: usize = 256;
/// An instance is not given up before this many attempts, however long they take.
const FEWEST_ATTEMPTS: u32 = 3;
/// How many instances are named as being retried.
const MOST_NAMED: usize = 10;

/// What the deliveries of a turn share.
pub(super) struct Shared<'a, T> {
    pub(super) target: &'a T,
    pub(super) terms: Terms,
    places: Semaphore,
    pub(super) unsettled: Semaphore,
    /// The number of successful deliveries.
    successes: AtomicU64,
    troubles: Mutex<BTreeMap<String, Trouble>>,
}

/// An instance to which delivery fails.
#[derive(Debug, Clone)]
struct Trouble {
    began: Instant,
    /// The number of successful deliveries by then.
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

    /// Records that nothing more is tried for the instance.
    pub(super) fn given_up(&self, id: &str) {
        let mut troubles = self.troubles();
        if troubles.remove(id).is_some() {
            self.show(&troubles);
        }
    }

    /// Records a fault; returns how often delivery has failed, and whether the instance is given up.
    ///
    /// The fault is the instance's own only if deliveries to others succeed: while Temporal, or another service behind
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
    /// Delivers as soon as there is a place.
    pub(super) async fn deliver(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        // Nobody closes the semaphore.
        let _place = self.places.acquire().await;
        self.target.deliver(id, events).await
    }
}
