//! Billing: issues documents and voids them, one process at a time per document.

mod config;
pub mod domain;
mod migration;
mod routes;
mod service;
mod store;

pub use config::Config;
pub use service::{Billing, run, start};
