//! Runs Accounts alone.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    service_kit::main::<accounts::Accounts>().await
}
