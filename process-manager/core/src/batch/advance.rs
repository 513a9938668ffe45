//! A chunk of a batch: what one activity is asked to do, and what it has done.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Limits;
use crate::manager::Refusal;

/// Where a batch is in its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The cursor of the first page that has items without an answer; the first page when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The items that were answered in it and in the page behind it.
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
    /// Those of the source, from here on.
    Source {
        /// Where it goes on.
        place: Place,
        /// The last page; to the end of the source when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<PageAt>,
    },
    /// These, which have failed.
    Failed {
        /// As they failed.
        items: Vec<FailedItem>,
        /// Those that were answered since.
        #[serde(default)]
        answered: BTreeSet<String>,
    },
    /// Those that another workflow keeps, which have failed.
    Kept {
        /// The id of that workflow.
        workflow_id: String,
        /// Those that were answered since.
        #[serde(default)]
        answered: BTreeSet<String>,
    },
}

/// What one activity does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// The batch's name.
    pub name: String,
    /// Its id among those of its name.
    pub id: String,
    /// What its items are chosen by.
    pub input: Value,
    /// The items.
    pub items: Items,
    /// Whether their commands are undone.
    pub undoes: bool,
    /// The limits.
    pub limits: Limits,
    /// The chunk ends once more items than this have failed.
    pub may_fail: u64,
    /// The process that its commands belong to.
    pub correlation_id: String,
}

/// How far a chunk came: the details of its heartbeats, and its result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Advance {
    /// Where it goes on; of failed items only those that were answered count.
    pub place: Place,
    /// Whether all items were answered.
    pub is_end: bool,
    /// The last page that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<PageAt>,
    /// How many commands were accepted.
    pub accepted: u64,
    /// How many were refused, with nothing left to do for their items.
    pub settled: u64,
    /// The items that have failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedItem>,
    /// How many items there are in all, where the source tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether the chunk undoes.
    #[serde(default)]
    pub undoes: bool,
    /// Whether it sends again what has failed.
    #[serde(default)]
    pub retries: bool,
    /// Whether an attempt before this one may have begun more than it has written down.
    #[serde(default)]
    pub is_repeated: bool,
    /// How many commands are under way.
    #[serde(default)]
    pub in_flight: u32,
    /// Whether it begins no more commands: what is in flight ends.
    #[serde(default)]
    pub is_draining: bool,
    /// Why the next page cannot be used: an operator has to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
    /// What is wrong now: the source or the receiver is unavailable, or an item faults. It is tried again.
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

/// An item whose command was refused, or can never be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedItem {
    /// The item's id.
    pub id: String,
    /// The item.
    pub item: Value,
    /// Why.
    #[serde(flatten)]
    pub refusal: Refusal,
}
