//! A chunk of a batch: what one activity has to do, and what it has done.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Limits;
use crate::manager::Refusal;

/// A batch's place in its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The cursor of the first page with unanswered items; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The items that were answered in that page and in the one after it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub answered: BTreeSet<String>,
}

/// A page of the source, by its cursor; the first one has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageAt {
    /// Its cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The items of a chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Items {
    /// Items of the source, from here on.
    Source {
        /// Where the chunk goes on.
        place: Place,
        /// The last page; by default the chunk goes on to the end of the source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<PageAt>,
    },
    /// These failed items.
    Failed {
        /// As they failed.
        items: Vec<FailedItem>,
        /// The items that were answered since.
        #[serde(default)]
        answered: BTreeSet<String>,
    },
    /// Failed items that another workflow keeps.
    Kept {
        /// The id of that workflow.
        workflow_id: String,
        /// The items that were answered since.
        #[serde(default)]
        answered: BTreeSet<String>,
    },
}

/// The work of one activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// The batch's name.
    pub name: String,
    /// Its id among those of its name.
    pub id: String,
    /// The input that selects its items.
    pub input: Value,
    /// The items.
    pub items: Items,
    /// Whether the chunk undoes the items.
    pub undoes: bool,
    /// The limits.
    pub limits: Limits,
    /// The chunk ends once more items than this have failed.
    pub may_fail: u64,
    /// The process that its commands belong to.
    pub correlation_id: String,
}

/// How far a chunk got: the details of its heartbeats, and its result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Advance {
    /// Where the chunk goes on; for failed items only the answered ones count.
    pub place: Place,
    /// Whether all items were answered.
    pub is_end: bool,
    /// The last page that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<PageAt>,
    /// How many commands were accepted.
    pub accepted: u64,
    /// How many were refused with nothing left to do for the item.
    pub settled: u64,
    /// The items that have failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedItem>,
    /// How many items there are in all, if the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether the chunk undoes.
    #[serde(default)]
    pub undoes: bool,
    /// Whether the chunk sends failed items again.
    #[serde(default)]
    pub retries: bool,
    /// Whether an earlier attempt may have begun more than it recorded.
    #[serde(default)]
    pub is_repeated: bool,
    /// How many commands are under way.
    #[serde(default)]
    pub in_flight: u32,
    /// Whether the chunk begins no more commands; commands in flight finish.
    #[serde(default)]
    pub is_draining: bool,
    /// Why the next page cannot be used: an operator has to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
    /// What is wrong now: the source or the receiver is unavailable, or an item has a fault. It is retried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Advance {
    /// Returns how many items were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.accepted + self.settled + self.failed.len() as u64
    }
}

/// An item whose command was refused or can never be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedItem {
    /// The item's id.
    pub id: String,
    /// The item.
    pub item: Value,
    /// Why it failed.
    #[serde(flatten)]
    pub refusal: Refusal,
}
