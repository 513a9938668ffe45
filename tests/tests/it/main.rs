//! All end-to-end tests, in one binary: one Temporal server and one PostgreSQL server serve them all.
#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod cli;
mod console;
mod faults;
mod harness;
mod readme;
mod replay;
mod restarts;
mod scenarios;
mod services;
mod stress;
mod subscription;
mod traces;
mod transfers;
mod voiding;
