//! The program: reads options and environment, and reports an error in one sentence.

use std::{
    io::{Write, stderr},
    process::ExitCode,
};

use clap::Parser;
use service_kit::{init_tracing, run_program, shutdown_signal};

use crate::{
    config::{Config, Options},
    stack,
};

/// Runs the stack until Ctrl-C or SIGTERM, then exits with 0. If the stack cannot run or a part of it fails, exits with
/// 1 and prints one sentence to stderr.
#[must_use]
pub fn main() -> ExitCode {
    run_program(program())
}

async fn program() -> ExitCode {
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
            // If the terminal is gone, the error cannot be shown anywhere.
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
