//! Reports: adds the documents of a customer up, one report at a time, and publishes them.

mod config;
pub mod domain;
mod follower;
mod migration;
mod routes;
mod service;
mod store;

pub use config::Config;
pub use service::{Reports, run, start};
