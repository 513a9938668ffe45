//! Batches: one command for each of many items, watched as a whole.
//!
//! A [`Batch`] names the items and the commands. Its items come page by page from a source, which the host provides. A
//! state machine, separate from Temporal, handles the answers: [`Progress`] is its public view, [`BatchState`] is what
//! one run hands over to the next. It holds what belongs to one page, never all items.

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

/// Maximum number of items that a source may return in one page. The progress within two pages is kept by item id.
pub const MOST_ITEMS_OF_PAGE: usize = 500;
/// Maximum size of an item as JSON, in bytes: failed items are kept until they are retried.
pub const ITEM_BYTES: usize = 1_024;
/// Maximum length of an item's id, in bytes.
pub const ITEM_ID_BYTES: usize = 128;
/// Maximum length of a source's cursor, in bytes.
pub const CURSOR_BYTES: usize = 1_024;
/// Maximum number of failed items in one page of them.
pub const FAILURES_OF_PAGE: usize = 200;
/// Maximum size of a page of failed items, in bytes, unless it has only one item.
pub const FAILURE_BYTES: usize = 256 * 1024;
/// Maximum length of the explanation that is kept for a failed item, in characters.
pub const FAILURE_DETAIL_CHARS: usize = 250;
/// Maximum size of a batch's input as JSON, in bytes.
pub const INPUT_BYTES: usize = 16 * 1024;

/// One command for each of many items.
///
/// The functions are pure. An item's command is sent again after a crash, with the same idempotency key: the receiver
/// must let it take effect once.
pub trait Batch: Debug + Send + Sync + 'static {
    /// The batch's name: the first part of the ids of its workflows, and of its commands' idempotency keys.
    const NAME: &'static str;

    /// The input that selects the items. It must determine the membership, for example by the position up to which
    /// items were recorded: the source must return the same items whenever it is asked.
    type Input: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// An item: at most [`ITEM_BYTES`] as JSON.
    type Item: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The commands that the batch sends: an enum tagged with `type` and `data`, as for a process manager.
    type Command: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Returns the id of an item, unique in the batch: 1 to [`ITEM_ID_BYTES`] bytes.
    fn item_id(item: &Self::Item) -> String;

    /// Returns the command for an item.
    fn command(input: &Self::Input, item: &Self::Item) -> Self::Command;

    /// Returns the command that undoes an item's command, if there is one. A batch that is cancelled with undoing sends
    /// it for every item of the pages that were begun, or of all pages if a worker died meanwhile. It must do nothing
    /// if there is nothing to undo.
    fn undo(_input: &Self::Input, _item: &Self::Item) -> Option<Self::Command> {
        None
    }

    /// Returns whether a refusal means that nothing has to be done for the item. The item then counts as settled, not
    /// as failed.
    fn is_settled(_refusal: &Refusal) -> bool {
        false
    }

    /// Returns the limits that the batch begins with.
    fn limits() -> Limits {
        Limits::default()
    }
}

/// A command to start a batch: the input of its workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartBatch {
    /// The batch's name.
    pub name: String,
    /// The id of this batch among those of its name. Use each id once: starting an id that runs or has completed has no
    /// effect.
    pub id: String,
    /// The input that selects its items.
    pub input: Value,
    /// The limits that it begins with.
    #[serde(default)]
    pub limits: Limits,
    /// The workflow of the process manager's instance that gets its progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The process that its commands belong to; by default the id of its workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl StartBatch {
    /// Returns the start command of a batch with this id and input.
    ///
    /// # Errors
    /// JSON cannot hold the input.
    pub fn new<B: Batch>(id: impl Into<String>, input: &B::Input) -> Result<Self, serde_json::Error> {
        let (name, input) = (B::NAME.to_owned(), serde_json::to_value(input)?);
        Ok(Self { name, id: id.into(), input, limits: B::limits(), owner: None, correlation_id: None })
    }

    /// Returns the id of the batch's workflow.
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

/// A command to cancel a batch. If the batch does not run, that is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelBatch {
    /// The batch's name.
    pub name: String,
    /// Its id among those of its name.
    pub id: String,
    /// Whether items are undone, if the batch says how.
    #[serde(default)]
    pub undo: bool,
}
