//! The worker as a program of its own, configured by environment variables.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    worker::main().await
}
