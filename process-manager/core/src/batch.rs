//! Batches: one command for each of many items, watched as a whole.
//!
//! A [`Batch`] names the items and the commands; its items come page by page from a source, which the host brings. What is
//! done with the answers is a state machine apart from Temporal: [`Progress`] is what the outside sees of it,
//! [`BatchState`] what a run hands over to the next. It holds what belongs to one page, never all items.

mod advance;
mod limits;
mod progress;
mod state;

use std::fmt::Debug;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub(crate) use self::state::is_batch_log;
pub use self::{
    advance::{Advance, Chunk, FailedItem, Items, PageAt, Place},
    limits::{Limits, LimitsChange, Tolerated, UnfitLimits},
    progress::{Pause, PausedBy, Progress, Status},
    state::{BatchState, Ignored, Step},
};
use crate::manager::Refusal;

/// Most items that a source may give in one page. The progress within two pages is kept by the items' ids.
pub const MOST_ITEMS_OF_PAGE: usize = 500;
/// Most bytes of an item as JSON: those that failed are kept until they are retried.
pub const ITEM_BYTES: usize = 1_024;
/// Most bytes of an item's id.
pub const ITEM_ID_BYTES: usize = 128;
/// Most bytes of a cursor of the source.
pub const CURSOR_BYTES: usize = 1_024;
/// Most failed items in a page of them.
pub const FAILURES_OF_PAGE: usize = 200;
/// Most bytes of a page of failed items, unless it is a single one.
pub const FAILURE_BYTES: usize = 256 * 1024;
/// Most characters of the explanation that is kept of a failed item.
pub const FAILURE_DETAIL_CHARS: usize = 250;
/// Most bytes of a batch's input as JSON.
pub const INPUT_BYTES: usize = 16 * 1024;

/// One command for each of many items.
///
/// The functions are pure. An item's command is sent again after a crash, with the same idempotency key: the receiver
/// must let it take effect once.
pub trait Batch: Debug + Send + Sync + 'static {
    /// Its name: the first part of the ids of its workflows, and of its commands' idempotency keys.
    const NAME: &'static str;

    /// What its items are chosen by. It settles the membership, such as by the position up to which items were recorded:
    /// the source must give the same items whenever it is asked.
    type Input: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// One of the items: at most [`ITEM_BYTES`] as JSON.
    type Item: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The commands it sends: an enum tagged with `type` and `data`, as for a process manager.
    type Command: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Returns the id of an item, unique in the batch: 1 to [`ITEM_ID_BYTES`] bytes.
    fn item_id(item: &Self::Item) -> String;

    /// Returns the command for an item.
    fn command(input: &Self::Input, item: &Self::Item) -> Self::Command;

    /// Returns the command that undoes an item's one, where there is such a thing. A batch that is cancelled with undoing
    /// sends it to every item of the pages that were begun, of all pages if a worker died meanwhile: it must do nothing where
    /// there is nothing to undo.
    fn undo(_input: &Self::Input, _item: &Self::Item) -> Option<Self::Command> {
        None
    }

    /// Whether a refusal means that nothing has to be done about the item: it then counts as settled, not as failed.
    fn is_settled(_refusal: &Refusal) -> bool {
        false
    }

    /// Returns the limits with which it begins.
    fn limits() -> Limits {
        Limits::default()
    }
}

/// A command to start a batch: the input of its workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartBatch {
    /// The batch's name.
    pub name: String,
    /// Names this one among the batches of its name; one of an id runs at a time.
    pub id: String,
    /// What its items are chosen by.
    pub input: Value,
    /// The limits with which it begins.
    #[serde(default)]
    pub limits: Limits,
    /// The workflow of the process manager's instance that is told how it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The process that its commands belong to; the id of its workflow when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl StartBatch {
    /// Returns the input of a batch.
    ///
    /// # Errors
    /// JSON cannot hold the input.
    pub fn new<B: Batch>(id: impl Into<String>, input: &B::Input) -> Result<Self, serde_json::Error> {
        let (name, input) = (B::NAME.to_owned(), serde_json::to_value(input)?);
        Ok(Self { name, id: id.into(), input, limits: B::limits(), owner: None, correlation_id: None })
    }

    /// Returns the id of its workflow.
    #[must_use]
    pub fn workflow_id(&self) -> String {
        workflow_id(&self.name, &self.id)
    }
}

/// Returns the id of the workflow of the batch with this name and id.
#[must_use]
pub fn workflow_id(name: &str, id: &str) -> String {
    format!("{name}-{id}")
}

/// A command to cancel a batch; one that does not run is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelBatch {
    /// The batch's name.
    pub name: String,
    /// Its id among those of its name.
    pub id: String,
    /// Whether what was done is undone, where the batch says how.
    #[serde(default)]
    pub undo: bool,
}
