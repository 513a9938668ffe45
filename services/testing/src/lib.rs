//! Shared parts of the services' tests: fresh databases, a running service, and a client over real HTTP.
#![expect(clippy::unwrap_used, reason = "in a harness of tests, a step that fails is a test that fails")]

mod client;
mod database;
mod running;

pub use client::{Answer, Client};
pub use database::on_each_database;
pub use running::Running;
