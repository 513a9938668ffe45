//! What the tests of several crates start: a PostgreSQL server, and ports for whatever else.
#![expect(clippy::expect_used, reason = "in a harness of tests, a step that fails is a test that fails")]

mod ports;
mod postgres;

pub use ports::free_port;
pub use postgres::PostgresServer;
