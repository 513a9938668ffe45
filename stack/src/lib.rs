//! `cargo run`: the whole system on one machine.

pub mod dev_server;
mod namespace;
pub mod temporal_cli;
