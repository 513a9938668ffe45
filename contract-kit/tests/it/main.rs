//! Our services keep the contract, and the kit names each rule that a service breaks.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod broken;
mod command_line;
mod kept;
mod proxy;
mod services;
mod spoils;
mod unfinished;
