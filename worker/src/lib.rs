//! Hosts the voiding, the money transfer, the confirmation of contracts and the credit change: workflows, activities and
//! subscriptions.

mod config;
mod credit_change;
mod host;
mod metrics;
mod run;
mod starter;

pub use config::Config;
pub use run::run;

pub use voiding_client::SUBSCRIPTION;
