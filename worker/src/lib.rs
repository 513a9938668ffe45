//! Hosts the voiding, the money transfer, the confirmation of contracts and the credit change: workflows, activities and
//! subscriptions.

mod config;
mod credit_change;
mod host;
mod metrics;
mod program;
mod run;
mod starter;

pub use config::Config;
pub use host::worker_options;
pub use program::{main, upgrade_check};
pub use run::run;

pub use voiding_client::SUBSCRIPTION;
