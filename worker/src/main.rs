//! The worker as a separate program, configured by environment variables.

use std::process::ExitCode;

fn main() -> ExitCode {
    worker::main()
}
