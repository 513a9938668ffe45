//! Batches on a worker: where their items come from, and how their commands are sent.
//!
//! A batch is hosted with a source and a dispatcher:
//!
//! ```no_run
//! # use process_manager::batch::Batch;
//! # use process_manager_host::{Dispatcher, Hosting, batch::ItemSource};
//! # fn host<RevokeContracts: Batch>(
//! #     hosting: Hosting,
//! #     contracts: impl ItemSource<RevokeContracts>,
//! #     dispatcher: impl Dispatcher<RevokeContracts::Command>,
//! # ) -> Hosting {
//! hosting.batch::<RevokeContracts>(contracts, dispatcher)
//! # }
//! ```
//! It is started by [`Batches`](crate::operator::Batches), or by a process manager that is hosted with
//! [`Manager::starts_batches`](crate::Manager::starts_batches), by a command `StartBatch`.

mod activity;
mod chunk;
mod pace;
mod pages;
mod send;
mod start;

use std::{error::Error, future::Future};

use process_manager::batch::Batch;

pub(crate) use self::{
    activity::HostedBatches,
    start::{BATCH_COMMANDS, command_batch, start_batch},
};

/// A page of the items of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPage<T> {
    /// The items: at most [`MOST_ITEMS_OF_PAGE`](process_manager::batch::MOST_ITEMS_OF_PAGE).
    pub items: Vec<T>,
    /// The cursor of the next page, at most [`CURSOR_BYTES`](process_manager::batch::CURSOR_BYTES); `None` on the last one.
    pub next: Option<String>,
    /// How many items there are in all, where that is cheap to tell.
    pub total: Option<u64>,
}

/// Where the items of a batch come from, page by page.
///
/// Pages are best made by a key: an item that joins or leaves must not move others from page to page. The input of the batch
/// settles which items belong to it; one that leaves the source before its page is read is left out.
pub trait ItemSource<B: Batch>: Send + Sync + 'static {
    /// Reads the page of this cursor; the first one when absent. It is asked again after a crash, or an error.
    ///
    /// # Errors
    /// The source is unavailable. The batch waits for it.
    fn page(
        &self,
        input: &B::Input,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<ItemPage<B::Item>, Box<dyn Error + Send + Sync>>> + Send;
}
