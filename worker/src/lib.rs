//! Hosts the voiding and the money transfer: workflows, activities and subscriptions.

mod config;
mod host;
mod metrics;
mod run;
mod starter;

pub use config::Config;
pub use run::run;

/// Name of the subscription to Billing's log.
pub const SUBSCRIPTION: &str = "voiding";
