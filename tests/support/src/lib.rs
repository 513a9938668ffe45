//! The parts that the tests of several crates share: waits for conditions, turns of heavy tests, PostgreSQL, ports.
#![expect(clippy::expect_used, reason = "in a harness of tests, a step that fails is a test that fails")]

mod clock;
mod load;
mod ports;
mod postgres;
mod wait;

pub use load::{Turn, heavy, load};
pub use ports::free_port;
pub use postgres::PostgresServer;
pub use wait::{STALL, eventually, eventually_eq, within_a_stall};
