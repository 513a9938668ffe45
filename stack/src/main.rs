//! `cargo run`: the whole system on one machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    stack::main()
}
