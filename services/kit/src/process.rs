//! Start and end of every program: logging, exit codes, and the signals that stop it.

use std::{io::IsTerminal, process::ExitCode};

use mimalloc::MiMalloc;
use process_manager_wire::error_chain;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// For each program that depends on this crate. With glibc's allocator a worker keeps three times as much memory for the
/// same runs (docs/PERFORMANCE.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Sends log lines to stderr, filtered by `RUST_LOG` (default `info`). Further calls have no effect.
pub fn init_tracing() {
    let unreadable =
        std::env::var("RUST_LOG").ok().filter(|rule| !rule.is_empty() && rule.parse::<EnvFilter>().is_err());
    let filter = EnvFilter::try_from_default_env().ok().filter(|filter| !filter.to_string().is_empty());
    // sqlx logs each statement of a migration at info, and Temporal's SDK puts a long span around each of our lines.
    let filter = filter.unwrap_or_else(|| {
        EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn,temporalio_sdk=warn,temporalio_sdk_core=warn")
    });
    let installed = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        // Where stderr takes nothing more (a full disk, a reader that is gone), telling so on stderr would be a panic.
        .log_internal_errors(false)
        .try_init();
    if let (Ok(()), Some(rule)) = (installed, unreadable) {
        tracing::warn!(rule, "RUST_LOG is invalid; logging at info");
    }
}

/// Returns a program's exit code. A failure becomes one line in the log, without a backtrace whatever the environment asks
/// for.
#[must_use]
pub fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", error_chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Returns a token that SIGINT or SIGTERM cancels.
#[must_use]
pub fn shutdown_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        cancel.cancel();
    });
    token
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => (),
            () = interrupt() => (),
        },
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be caught");
            interrupt().await;
        }
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    interrupt().await;
}

async fn interrupt() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "SIGINT cannot be caught");
        std::future::pending::<()>().await;
    }
}
