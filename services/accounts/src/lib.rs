//! Accounts: keeps balances, and carries out each step of a money transfer once.
//!
//! A transfer is requested here; withdrawing, depositing, refunding and giving up are commands of a process manager.
//! Money is never made or lost: the sum of all balances and of the amounts in flight (transfers that are withdrawn) does
//! not change, whatever comes twice, late or never.

mod config;
pub mod domain;
mod migration;
mod routes;
mod service;
mod store;

pub use config::Config;
pub use service::{Accounts, run, start};
