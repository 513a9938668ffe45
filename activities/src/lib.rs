//! The only outbound I/O of the processes: commands to Billing and Reports, one file per service.

mod billing;
mod dispatch;
mod error;
mod reports;

pub use billing::Billing;
pub use reports::Reports;
