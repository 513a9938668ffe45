//! Batches in a worker: where their items come from, and how their commands are sent.
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
//! A batch is started by [`Batches`](crate::operator::Batches), or with a command `StartBatch` by a process manager
//! that is hosted with [`Manager::starts_batches`](crate::Manager::starts_batches).

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

/// A page of a batch's items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPage<T> {
    /// The items: at most [`MOST_ITEMS_OF_PAGE`](process_manager::batch::MOST_ITEMS_OF_PAGE).
    pub items: Vec<T>,
    /// The cursor of the next page, at most [`CURSOR_BYTES`](process_manager::batch::CURSOR_BYTES); `None` on the last
    /// page.
    pub next: Option<String>,
    /// How many items there are in all, if that is cheap to find.
    pub total: Option<u64>,
}

/// The source of a batch's items, page by page.
///
/// Base the pages on a key, so that an item that joins or leaves does not move others from page to page. The batch's
/// input determines which items belong to it. An item that leaves the source before its page is read is left out.
pub trait ItemSource<B: Batch>: Send + Sync + 'static {
    /// Reads the page at this cursor; without one, the first page. It is called again after a crash or an error.
    ///
    /// # Errors
    /// The source is unavailable. The batch waits for it.
    fn page(
        &self,
        input: &B::Input,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<ItemPage<B::Item>, Box<dyn Error + Send + Sync>>> + Send;
}
