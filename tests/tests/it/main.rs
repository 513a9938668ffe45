//! All end-to-end tests, in one binary: one Temporal server and one PostgreSQL server serve them all.
#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod harness;
mod replay;
mod services;
