//! Batches on Temporal: one command for each of many items, watched as a whole.
//!
//! A batch is a workflow of type `Batch` with the id `<name>-<id>`. Its items never pass through it. An activity reads
//! a page of the source and sends the commands of its items. It returns counts, the place where the next one goes on,
//! and the failed items. So each chunk costs the server about seven events. A chunk has at least 100 items, if there
//! are as many, or lasts two minutes.
//!
//! ```text
//! start ──► Batch (workflow) ──► `RunChunk` (activity, heartbeats its place) ──► source, receiver
//!                 │  ▲ continue as new, every 4,000 events │
//!                 │  └─────────────────────────────────────┘
//!                 ├──► BatchFailures (workflow): keeps a page of failed items, until they are retried
//!                 └──► `BatchProgressed`, `BatchEnded` to the instance of the process manager that has started it
//! ```
//!
//! | signal | payload | |
//! |---|---|---|
//! | `pause`, `resume` | | stops beginning new commands, or begins them again; commands in flight finish |
//! | `limits` | `{"in_flight"?, "per_second"?, "tolerated"?}` | changes the limits, see [`Limits`](process_manager::batch::Limits) |
//! | `retry` | | sends failed items again, under the same idempotency keys |
//! | `cancel` | `{"undo"?}` | ends the batch; before that it undoes what was done, unless `undo` is `false` |
//!
//! The query `state`, and the memo of this name, return [`Progress`](process_manager::batch::Progress). The query
//! `failed` returns the failed items that no other workflow keeps.

mod activities;
mod failures;
mod payload;
mod policy;
mod publish;
mod workflow;

#[doc(hidden)]
pub use self::payload::{read_input, read_limits, read_undo};
pub use self::{activities::*, failures::BatchFailures, payload::BeginBatch, workflow::Batch};

/// The workflow type of batches.
pub const WORKFLOW_TYPE: &str = "Batch";
