//! The parts that the tests of several crates share: waits for conditions, turns of heavy tests, PostgreSQL, ports.
#![expect(clippy::expect_used, reason = "in a harness of tests, a step that fails is a test that fails")]

mod cli;
mod clock;
mod http;
mod load;
mod passed_over;
mod ports;
mod postgres;
mod wait;

pub use cli::temporal_cli;
pub use http::http;
pub use load::{Turn, Turns, heavy, load};
pub use passed_over::pass_over;
pub use ports::{free_port, is_listened_on};
pub use postgres::PostgresServer;
pub use wait::{STALL, eventually, eventually_eq, within_a_stall};
