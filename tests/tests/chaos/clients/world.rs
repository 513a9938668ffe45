//! What the clients have created, as far as they know.

use std::sync::{Mutex, PoisonError};

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

/// Ids to use in requests.
#[derive(Debug, Default)]
pub(crate) struct World {
    documents: Mutex<Vec<String>>,
    accounts: Mutex<Vec<String>>,
    transfers: Mutex<Vec<String>>,
    contracts: Mutex<Vec<String>>,
}

/// The kinds of things that clients create.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Thing {
    Document,
    Account,
    Transfer,
    Contract,
}

impl World {
    fn all(&self, thing: Thing) -> std::sync::MutexGuard<'_, Vec<String>> {
        let all = match thing {
            Thing::Document => &self.documents,
            Thing::Account => &self.accounts,
            Thing::Transfer => &self.transfers,
            Thing::Contract => &self.contracts,
        };
        all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a thing that may have been created.
    pub(crate) fn add(&self, thing: Thing, id: String) {
        self.all(thing).push(id);
    }

    pub(crate) fn any(&self, thing: Thing, rng: &mut StdRng) -> Option<String> {
        self.all(thing).choose(rng).cloned()
    }

    /// Returns one of the latest: what is about to happen to it has not happened yet.
    pub(crate) fn late(&self, thing: Thing, rng: &mut StdRng) -> Option<String> {
        let all = self.all(thing);
        let back = rng.random_range(1..=20.min(all.len().max(1)));
        all.len().checked_sub(back).map(|place| all[place].clone())
    }
}
