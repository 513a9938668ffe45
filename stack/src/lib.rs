//! `cargo run`: the whole system on one machine, as tasks of one process and Temporal's dev server as its child.

mod addresses;
mod component;
mod config;
mod data_dir;
pub mod dev_server;
mod http;
mod namespace;
mod ports;
mod program;
mod ready;
mod simulation;
mod stack;
pub mod temporal_cli;

pub use program::main;
