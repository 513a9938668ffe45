//! Hosts the voiding's workflows and activities, and its subscription to Billing's log.

mod config;
mod host;
mod metrics;
mod run;
mod search_attributes;
mod starter;

pub use config::Config;
pub use run::run;

/// Name of the subscription to Billing's log.
pub const SUBSCRIPTION: &str = "voiding";
