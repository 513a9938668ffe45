//! `GET /events`: reads the events after a position, and waits for the first one on request.

use std::time::Duration;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use process_manager_wire::{CloudEvent, EVENTS_MEDIA_TYPE, Position};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::read::read;
use crate::{ApiError, Database, Params};

const MAX_EVENTS: i64 = 1000;
const DEFAULT_EVENTS: i64 = 100;
/// Longest wait, in seconds.
const MAX_WAIT: i64 = 30;
/// Time within which the commit of another process on the same PostgreSQL database is seen.
const RECHECK_AFTER: Duration = Duration::from_millis(500);
/// The same on SQLite, where a second process on the file is the exception, such as one that takes over.
const RECHECK_FILE_AFTER: Duration = Duration::from_secs(5);

/// A service's log, served over HTTP.
#[derive(Debug, Clone)]
pub struct EventLog {
    /// The database of the events.
    pub database: Database,
    /// `source` of the events.
    pub source: &'static str,
    /// Ends the waits of readers, so that the service can stop.
    pub shutdown: CancellationToken,
}

/// Returns the route `GET /events`.
#[must_use]
pub fn events_routes(log: EventLog) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(events)).with_state(log)
}

/// The events with a position greater than `after`, oldest first.
///
/// A position that can be read stays readable, and no lower one appears later.
#[utoipa::path(
    get,
    path = "/events",
    tag = "events",
    params(
        ("after" = Option<i64>, Query, minimum = 0, description = "Position to read after; 0, before the first, by default"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000, description = "Most events of the answer; 100 by default"),
        ("wait" = Option<i64>, Query, minimum = 0, maximum = 30, description = "Seconds to wait for the first; 0 by default"),
    ),
    responses(
        (status = 200, description = "A CloudEvents 1.0 batch", body = Vec<CloudEvent>, content_type = "application/cloudevents-batch+json"),
        (status = 400, description = "invalid-parameter"),
    )
)]
async fn events(State(log): State<EventLog>, params: Params) -> Result<Response, ApiError> {
    let after = params.integer("after", 0..=Position::MAX, 0)?;
    let limit = params.integer("limit", 1..=MAX_EVENTS, DEFAULT_EVENTS)?;
    let wait = params.integer("wait", 0..=MAX_WAIT, 0)?;
    let deadline = Instant::now() + Duration::from_secs(wait.unsigned_abs());
    let events = wait_for_events(&log, after, limit.unsigned_abs(), deadline).await?;
    let body = serde_json::to_vec(&events).map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, EVENTS_MEDIA_TYPE)], body).into_response())
}

async fn wait_for_events(
    log: &EventLog,
    after: Position,
    limit: u64,
    deadline: Instant,
) -> Result<Vec<CloudEvent>, ApiError> {
    let mut heads = log.database.heads();
    let is_file = log.database.is_file();
    let recheck_after = if is_file { RECHECK_FILE_AFTER } else { RECHECK_AFTER };
    // With a file, everything that is committed is known once this process has appended something.
    let mut is_read = is_file && (1..=after).contains(&*heads.borrow_and_update());
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let is_over = left.is_zero() || log.shutdown.is_cancelled();
        if !is_read || is_over {
            // Before reading: a commit between reading and waiting must not be missed.
            heads.mark_unchanged();
            let events = read(&log.database, log.source, after, limit).await?;
            if !events.is_empty() || is_over {
                return Ok(events);
            }
        }
        is_read = false;
        let changed = async {
            tokio::select! {
                _ = heads.changed() => (),
                () = log.shutdown.cancelled() => (),
            }
        };
        // Whether the time elapsed or the head changed, the log is read again.
        let _ = timeout(left.min(recheck_after), changed).await;
    }
}
