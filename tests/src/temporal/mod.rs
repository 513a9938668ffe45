//! Temporal in the tests: one dev server for the run, and a namespace for each environment.

mod cli;
mod client;
mod ends;
mod read;
mod server;

pub use cli::CliOutput;
pub use client::{Temporal, confirmation_workflow_id, json_payload, transfer_workflow_id, workflow_id};
pub use ends::attribute;
pub(crate) use ends::failure_type;
pub use server::TemporalServer;
