//! Harness of the end-to-end tests.
#![doc = include_str!("../README.md")]
#![expect(clippy::expect_used, reason = "in a harness of tests, a step that fails is a test that fails")]

pub mod bench;
mod binaries;
pub mod calls;
mod env;
mod process;
mod proxy;
mod run_dir;
pub mod sample;
mod temporal;
pub mod voiding;

pub use binaries::Binaries;
pub use env::{Books, Component, Env, EnvBuilder, Link, Revoked};
pub use process::{Ended, Process, Program};
pub use proxy::{About, Fault, FaultProxy, Gate, Recorded};
pub use run_dir::temp_dir;
pub(crate) use temporal::failure_type;
pub use temporal::{
    CliOutput, Temporal, TemporalServer, attribute, confirmation_workflow_id, json_payload, transfer_workflow_id,
    workflow_id,
};
pub use test_support::{
    PostgresServer, STALL, Turn, Turns, eventually, eventually_eq, free_port, heavy, is_listened_on, load, pass_over,
    temporal_cli, within_a_stall,
};
