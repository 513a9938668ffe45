//! `contract-kit --billing URL`: checks whether a service keeps the contract.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    contract_kit::main().await
}
