//! Hosts the voiding, the money transfer and the confirmation of contracts: workflows, activities and subscriptions.

mod config;
mod credit_change;
mod host;
mod metrics;
mod run;
mod starter;

pub use config::Config;
pub use run::run;

pub use voiding_client::SUBSCRIPTION;
