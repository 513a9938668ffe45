//! Hosts the voiding and the money transfer: workflows, activities and subscriptions.

mod config;
mod host;
mod metrics;
mod run;
mod starter;

pub use config::Config;
pub use run::run;

pub use voiding_client::SUBSCRIPTION;
