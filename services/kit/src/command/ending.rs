//! The end of a command's transaction, and the answer that follows.

use axum::http::StatusCode;
use process_manager_wire::code;
use tokio::time::{Instant, timeout_at};

use super::Answer;
use crate::{
    ApiError, RETRY_AFTER, Transaction,
    database::{of_commit, unconfirmed},
    problem,
};

/// A command's transaction that is about to end, and the answer that follows.
pub(super) struct Ending<R> {
    pub(super) transaction: Transaction,
    /// Whether there is something to commit.
    pub(super) is_changed: bool,
    pub(super) result: Result<Answer<R>, ApiError>,
}

impl<R> Ending<R> {
    /// Ends the transaction, and returns the answer once everything that it relies on is committed.
    ///
    /// # Errors
    /// Returns the refusal or fault that is the answer; an error if the commit failed, or was not confirmed before
    /// `deadline`.
    pub(super) async fn told(self, deadline: Instant) -> Result<Answer<R>, ApiError> {
        let Self { transaction, is_changed, result } = self;
        // It goes on when nobody waits for it any longer: a connection is free again only when its commit has ended.
        let ended =
            tokio::spawn(async move { if is_changed { transaction.commit().await } else { transaction.end().await } });
        let ended = timeout_at(deadline, ended).await;
        if is_changed {
            ended.map_err(|_| unconfirmed())?.map_err(ApiError::internal)?.map_err(of_commit)?;
        } else {
            ended.map_err(|_| too_slow())?.map_err(ApiError::internal)?.map_err(|error| too_slow().caused_by(error))?;
        }
        result
    }
}

pub(super) fn too_slow() -> ApiError {
    let detail = "the database was too slow or could not commit, so nothing was done; try again";
    problem(StatusCode::SERVICE_UNAVAILABLE, code::DATABASE_UNAVAILABLE, detail).retry_after(RETRY_AFTER)
}
