//! The numbers of processes that Temporal last reported, for use while it does not answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

use crate::parts::Tile;

/// The last known numbers, by subject. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Numbers(Arc<Mutex<HashMap<&'static str, Known>>>);

struct Known {
    at: DateTime<Utc>,
    counts: Vec<Option<i64>>,
}

impl Numbers {
    fn known(&self) -> MutexGuard<'_, HashMap<&'static str, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the numbers of tiles that Temporal has just reported.
    pub(crate) fn remember(&self, of: &'static str, tiles: &[Tile]) {
        let counts = tiles.iter().map(|tile| tile.count).collect();
        self.known().insert(of, Known { at: Utc::now(), counts });
    }

    /// Fills in the last known numbers for tiles without numbers. Returns their time.
    pub(crate) fn fill(&self, of: &'static str, tiles: &mut [Tile]) -> Option<DateTime<Utc>> {
        if tiles.iter().any(|tile| tile.count.is_some()) {
            return None;
        }
        let known = self.known();
        let Known { at, counts } = known.get(of)?;
        tiles.iter_mut().zip(counts).for_each(|(tile, count)| tile.count = *count);
        Some(*at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(count: Option<i64>) -> [Tile; 1] {
        [Tile { id: "running", word: "Open".to_owned(), count, href: "/".to_owned() }]
    }

    #[test]
    fn numbers_that_are_not_told_are_the_last_known_ones() {
        let numbers = Numbers::default();
        let mut unknown = tile(None);
        assert_eq!((numbers.fill("a", &mut unknown), unknown[0].count), (None, None));
        numbers.remember("a", &tile(Some(7)));
        assert!(numbers.fill("a", &mut unknown).is_some());
        assert_eq!(unknown[0].count, Some(7));
        assert_eq!(numbers.fill("b", &mut tile(None)), None);
        assert_eq!(numbers.fill("a", &mut tile(Some(8))), None, "what is told needs no time");
    }
}
