//! What the console's buttons do: plain forms, answered with a notice.

pub(super) mod acknowledge;
pub(super) mod instance;
pub(super) mod issue;
pub(super) mod publish;
pub(super) mod retry;
pub(super) mod selection;
mod signal;
pub(super) mod void;

use process_manager_client::http::CommandError;

/// A service's answer in words: its own where it refused, else what that means.
fn explain(error: &CommandError, service: &str) -> String {
    match error {
        CommandError::Refused(problem) if problem.detail.is_empty() => problem.code.clone(),
        CommandError::Refused(problem) => format!("{} ({})", problem.detail, problem.code),
        CommandError::Fault(fault) => {
            tracing::warn!(error = fault as &dyn std::error::Error, "{service} did not do what the console asked");
            format!("{service} cannot be reached or does not answer as it should; try again later")
        }
    }
}
