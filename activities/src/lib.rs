//! The only outbound I/O of the voiding: commands to Billing and Reports, one file for each service.

mod billing;
mod dispatch;
mod error;
mod reports;

pub use billing::Billing;
pub use reports::Reports;
