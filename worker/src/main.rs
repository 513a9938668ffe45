//! The worker as a program of its own, configured by environment variables.

use std::process::ExitCode;

fn main() -> ExitCode {
    worker::main()
}
