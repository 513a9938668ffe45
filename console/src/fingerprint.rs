//! Fingerprints of what a page shows.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Returns a number that differs for different things.
pub(crate) fn fingerprint(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}
