//! Runs Reports alone.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    service_kit::main::<reports::Reports>().await
}
