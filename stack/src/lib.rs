//! `cargo run`: the whole system on one machine, as tasks of one process with Temporal's dev server as its child.

mod addresses;
mod component;
mod config;
mod data_dir;
mod http;
mod ports;
mod program;
mod ready;
mod simulation;
mod stack;
mod welcome;

pub use program::main;
