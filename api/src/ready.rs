//! Whether a voiding that is posted now would run.

use chrono::Utc;
use process_manager_client::http::CommandError;

use crate::{
    app::App,
    filter,
    temporal::{Temporal, TemporalError},
};

/// A worker asks for tasks again at least once a minute.
const POLLED_WITHIN_SECONDS: i64 = 75;

/// Why a voiding that is posted now would not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    #[error("Billing does not answer: {0}")]
    Billing(#[from] CommandError),
    #[error("Temporal does not answer, or lacks the search attributes that the worker registers: {0}")]
    Temporal(#[from] TemporalError),
    #[error("no worker asks for tasks of the voiding")]
    NoWorker,
}

/// Billing, Temporal with our search attributes, and a worker are there.
pub(crate) async fn check(app: &App) -> Result<(), NotReady> {
    let billing = async { app.billing.check().await.map_err(NotReady::from) };
    let temporal = async { check_temporal(&app.temporal).await };
    tokio::try_join!(billing, temporal).map(|_| ())
}

async fn check_temporal(temporal: &Temporal) -> Result<(), NotReady> {
    // A query is refused while an attribute that it names is not registered.
    temporal.list(filter::of_every_attribute(), 1, Vec::new()).await?;
    let last_poll = temporal.last_poll().await?;
    let recent = last_poll.is_some_and(|at| Utc::now().timestamp() - at <= POLLED_WITHIN_SECONDS);
    if recent { Ok(()) } else { Err(NotReady::NoWorker) }
}
