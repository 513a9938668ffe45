//! The instances that were running when an event last reached them.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use lru::LruCache;

/// How many of the most recently used ids are kept: a few hundred bytes each.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// A guess, and a wrong one costs a request: an instance may have ended since, and another worker may have started one.
pub(crate) struct Running(Mutex<LruCache<String, ()>>);

impl Default for Running {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl Running {
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.ids().get(id).is_some()
    }

    pub(crate) fn add(&self, id: &str) {
        self.ids().put(id.to_owned(), ());
    }

    pub(crate) fn remove(&self, id: &str) {
        self.ids().pop(id);
    }

    fn ids(&self) -> std::sync::MutexGuard<'_, LruCache<String, ()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_what_is_used_stays() {
        let running = Running::default();
        running.add("used");
        for number in 0..2 * CAPACITY.get() {
            running.add(&number.to_string());
            assert!(running.knows("used"), "{number}");
        }
        assert!(!running.knows("0"));
        assert_eq!(running.ids().len(), CAPACITY.get());
        running.remove("used");
        assert!(!running.knows("used"));
    }
}
