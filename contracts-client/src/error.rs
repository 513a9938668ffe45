//! Errors of the client.

use messages::Problem;
use process_manager::batch::UnfitLimits;
use process_manager_client::http::{CommandError, Fault};
use process_manager_host::operator::OperatorError;

/// The reason why something could not be read or done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractsError {
    /// There was never a credit change of this customer.
    #[error("the customer's credit rating has never changed")]
    NotFound,
    /// The credit change has ended, or no batch of it runs.
    #[error("{0}")]
    NotRunning(&'static str),
    /// Nothing has failed.
    #[error("nothing of it has failed")]
    NothingToRetry,
    /// No batch can have these limits.
    #[error(transparent)]
    Limits(#[from] UnfitLimits),
    /// The token of a page was not handed out by this list.
    #[error("the token was not handed out by this list")]
    Token(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Contracts refuses.
    #[error("refused ({}): {}", .0.code, .0.detail)]
    Refused(Problem),
    /// Contracts is unavailable.
    #[error("Contracts is unavailable: {0}")]
    Contracts(#[source] Fault),
    /// Temporal is unavailable, or no worker answers.
    #[error(transparent)]
    Temporal(OperatorError),
}

impl From<CommandError> for ContractsError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(problem) => Self::Refused(problem),
            CommandError::Fault(fault) => Self::Contracts(fault),
        }
    }
}

impl From<OperatorError> for ContractsError {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::NotRunning(_) => Self::NotRunning("it has ended meanwhile"),
            OperatorError::NoSuchFailure(_) => Self::NothingToRetry,
            error => Self::Temporal(error),
        }
    }
}
