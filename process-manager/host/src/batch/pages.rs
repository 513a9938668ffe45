//! The items of a chunk, page by page: which ones to send, which were answered, and where the next chunk goes on.

use std::collections::{BTreeSet, VecDeque};

use process_manager::batch::{
    Batch, CURSOR_BYTES, ITEM_BYTES, ITEM_ID_BYTES, Items, MOST_ITEMS_OF_PAGE, PageAt, Place,
};

use super::ItemPage;

/// How many pages may be open at once: the next one is read while the last items of a page are under way.
const MOST_OPEN: usize = 2;

/// Something that no batch can use: an operator has to look at it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unusable(pub(super) String);

#[derive(Debug)]
pub(super) struct Pages<B: Batch> {
    open: VecDeque<Open>,
    queue: VecDeque<(String, B::Item)>,
    /// The next page to read.
    next: Option<PageAt>,
    last: Option<PageAt>,
    begun: Option<PageAt>,
    /// The items of the open pages that were answered.
    answered: BTreeSet<String>,
    total: Option<u64>,
}

#[derive(Debug)]
struct Open {
    at: PageAt,
    ids: Vec<String>,
    left: usize,
}

impl<B: Batch> Pages<B> {
    /// Creates the pages of a chunk. Items that other workflows keep are not included: they come as failed items.
    pub(super) fn new(items: Items) -> Result<Self, Unusable> {
        let mut pages = Self {
            open: VecDeque::new(),
            queue: VecDeque::new(),
            next: None,
            last: None,
            begun: None,
            answered: BTreeSet::new(),
            total: None,
        };
        match items {
            Items::Source { place, last } => {
                pages.next = Some(PageAt { cursor: place.cursor });
                pages.answered = place.answered;
                pages.last = last;
            }
            Items::Failed { items, answered } => {
                pages.answered = answered;
                let unreadable = |error| Unusable(format!("a failed item cannot be read again: {error}"));
                let items =
                    items.into_iter().map(|failed| serde_json::from_value(failed.item)).collect::<Result<_, _>>();
                pages.open(PageAt::default(), items.map_err(unreadable)?)?;
            }
            Items::Kept { workflow_id, .. } => return Err(Unusable(format!("{workflow_id} cannot be read"))),
        }
        Ok(pages)
    }

    /// Adds the page that was read. An unusable page changes nothing.
    pub(super) fn add(&mut self, page: ItemPage<B::Item>) -> Result<(), Unusable> {
        let Some(at) = self.next.clone() else { return Ok(()) };
        let next = page.next.filter(|_| self.last.as_ref() != Some(&at));
        if next.as_ref().is_some_and(|cursor| cursor.len() > CURSOR_BYTES) {
            return Err(Unusable(format!("a cursor of the source has more than {CURSOR_BYTES} bytes")));
        }
        if let Some(cursor) = next.as_ref().filter(|cursor| at.cursor.as_ref() == Some(*cursor)) {
            return Err(Unusable(format!("the source goes round in circles at the cursor {cursor}")));
        }
        self.open(at.clone(), page.items)?;
        self.total = page.total.or(self.total);
        self.begun = Some(at);
        self.next = next.map(|cursor| PageAt { cursor: Some(cursor) });
        self.forget_others();
        Ok(())
    }

    fn open(&mut self, at: PageAt, items: Vec<B::Item>) -> Result<(), Unusable> {
        if items.len() > MOST_ITEMS_OF_PAGE {
            let most = MOST_ITEMS_OF_PAGE;
            return Err(Unusable(format!("a page of the source has {} items, where {most} are possible", items.len())));
        }
        let items = items.into_iter().map(identified::<B>).collect::<Result<Vec<_>, _>>()?;
        let mut ids = Vec::with_capacity(items.len());
        let mut left = 0;
        for (id, item) in items {
            let is_known = ids.contains(&id) || self.open.iter().any(|open| open.ids.contains(&id));
            if is_known {
                continue;
            }
            ids.push(id.clone());
            if !self.answered.contains(&id) {
                left += 1;
                self.queue.push_back((id, item));
            }
        }
        self.open.push_back(Open { at, ids, left });
        self.close();
        Ok(())
    }

    /// Takes the next item, if one may begin.
    pub(super) fn take_if(&mut self, may_begin: bool) -> Option<(String, B::Item)> {
        may_begin.then(|| self.queue.pop_front()).flatten()
    }

    pub(super) fn has_items(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Returns the page to read, when it is time for it.
    pub(super) fn wanted(&self, in_flight: usize) -> Option<&PageAt> {
        self.next.as_ref().filter(|_| self.open.len() < MOST_OPEN && self.queue.len() < in_flight)
    }

    pub(super) fn answered(&mut self, id: String) {
        if let Some(open) = self.open.iter_mut().find(|open| open.ids.contains(&id)) {
            open.left = open.left.saturating_sub(1);
        }
        self.answered.insert(id);
        self.close();
    }

    /// Returns whether each item was answered.
    pub(super) fn are_done(&self) -> bool {
        self.open.is_empty() && self.next.is_none()
    }

    pub(super) fn place(&self) -> Place {
        let at = self.open.front().map(|open| &open.at).or(self.next.as_ref());
        Place { cursor: at.and_then(|at| at.cursor.clone()), answered: self.answered.clone() }
    }

    pub(super) fn begun(&self) -> Option<PageAt> {
        self.begun.clone()
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    /// Forgets the answered items of earlier pages: an item that has left the source would be remembered for ever.
    fn forget_others(&mut self) {
        if self.open.len() == MOST_OPEN {
            self.answered.retain(|id| self.open.iter().any(|open| open.ids.contains(id)));
        }
    }

    /// Forgets the first pages whose items were all answered.
    fn close(&mut self) {
        while self.open.front().is_some_and(|open| open.left == 0) {
            let Some(closed) = self.open.pop_front() else { return };
            for id in &closed.ids {
                self.answered.remove(id);
            }
        }
    }
}

fn identified<B: Batch>(item: B::Item) -> Result<(String, B::Item), Unusable> {
    let id = B::item_id(&item);
    check(&id, &item).map(|()| (id, item))
}

fn check<T: serde::Serialize>(id: &str, item: &T) -> Result<(), Unusable> {
    if id.is_empty() || id.len() > ITEM_ID_BYTES {
        return Err(Unusable(format!("an item's id must have 1 to {ITEM_ID_BYTES} bytes: {id:?}")));
    }
    let bytes = serde_json::to_string(item).map_err(|error| Unusable(format!("item {id} is no JSON: {error}")))?.len();
    if bytes > ITEM_BYTES {
        return Err(Unusable(format!("item {id} has {bytes} bytes, where {ITEM_BYTES} are possible")));
    }
    Ok(())
}
