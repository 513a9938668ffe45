//! `POST /commands/publish-report`: the customer gets the open report.

use axum::{extract::State, http::StatusCode};
use messages::{
    Problem,
    reports::{Event, PublishReport, Report, ReportPublished},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, append};

use crate::{domain::Refusal, store};

/// Publishes the customer's open report: it does not change any more, and later documents go to the next one.
#[utoipa::path(
    post,
    path = "/commands/publish-report",
    tag = "commands",
    request_body = PublishReport,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "Becomes the `correlationid` of the event"),
    ),
    responses(
        (status = 200, description = "The report that was published", body = Report),
        (status = 404, description = "no-open-report", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn publish_report(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<PublishReport>,
) -> Result<Json<Report>, ApiError> {
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "publish-report", &body).await?;
    if let Some(earlier) = key.earlier()? {
        return Ok(Json(earlier.response));
    }
    let published = store::publish_open(&transaction, &body.customer_id).await?;
    let report = published.ok_or(Refusal::NoOpenReport)?;
    key.keep(&transaction, StatusCode::OK, &report).await?;
    let event = Event::ReportPublished(ReportPublished {
        report_id: report.report_id.clone(),
        customer_id: report.customer_id.clone(),
        number: report.number,
        totals: report.totals.clone(),
    });
    let correlation = headers.correlation_id.as_deref();
    let event = NewEvent::new(&event, report.report_id.as_str(), correlation, &headers.causation_id)?;
    append(&mut transaction, vec![event]).await?;
    transaction.commit().await?;
    Ok(Json(report))
}
