//! The program: options, environment, one sentence when it cannot run.

use std::{
    io::{Write, stderr},
    process::ExitCode,
};

use clap::Parser;
use service_kit::{init_tracing, shutdown_signal};

use crate::{
    config::{Config, Options},
    stack,
};

/// Runs the stack until Ctrl-C or SIGTERM. Exits with 0 then, with 1 and one sentence on stderr when it cannot run or a
/// part of it fails.
pub async fn main() -> ExitCode {
    let options = Options::parse();
    init_tracing();
    let shutdown = shutdown_signal();
    let outcome = match Config::from_env() {
        Ok(config) => Box::pin(stack::run(config, options, shutdown)).await,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Errors of a terminal that is gone change nothing any more.
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
