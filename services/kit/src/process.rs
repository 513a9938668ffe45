//! Start and end of every program: logging, exit codes, and the signals that stop it.

use std::{io::IsTerminal, mem::ManuallyDrop, process::ExitCode};

use mimalloc::MiMalloc;
use process_manager_wire::error_chain;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Used by each program that depends on this crate. With glibc's allocator a worker keeps three times as much memory
/// for the same runs (docs/PERFORMANCE.md).
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
        // When stderr accepts nothing more (a full disk, a reader that is gone), reporting that on stderr would panic.
        .log_internal_errors(false)
        .try_init();
    if let (Ok(()), Some(rule)) = (installed, unreadable) {
        tracing::warn!(rule, "RUST_LOG is invalid; logging at info");
    }
}

/// Runs a program, and returns its exit code. Whatever still runs afterwards ends with the process: threads of
/// Temporal's SDK panic if the runtime ends before they do.
#[must_use]
pub fn run_program(program: impl Future<Output = ExitCode>) -> ExitCode {
    match Runtime::new() {
        Ok(runtime) => ManuallyDrop::new(runtime).block_on(program),
        Err(error) => exit(Err(error.into())),
    }
}

/// Returns a program's exit code. A failure becomes one log line, without a backtrace, whatever the environment
/// requests.
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

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use tokio::{runtime::Handle, sync::oneshot, time::sleep};

    use super::*;

    #[test]
    fn a_thread_that_goes_on_after_the_program_can_use_the_runtime() {
        let (program_ended, ended) = oneshot::channel::<()>();
        let mut thread = None;
        let _ = run_program(async {
            let tokio = Handle::current();
            let goes_on = async {
                ended.await.unwrap();
                sleep(Duration::from_millis(1)).await;
            };
            thread = Some(thread::spawn(move || tokio.block_on(goes_on)));
            ExitCode::SUCCESS
        });
        program_ended.send(()).unwrap();
        thread.unwrap().join().unwrap();
    }
}
