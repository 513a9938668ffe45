//! Runs Contracts alone.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    service_kit::main::<contracts::Contracts>().await
}
