//! `POST /commands/publish-report`: publishes the customer's open report.

use messages::reports::{Event, PublishReport, Report, ReportPublished};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done};

use crate::{domain::Refusal, store};

/// Publishes the customer's open report: it does not change any more, and later documents go to the next one.
#[utoipa::path(
    post,
    path = "/commands/publish-report",
    tag = "commands",
    request_body = PublishReport,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The report that was published", body = Report),
        (status = 404, description = "no-open-report"),
        CommandProblems,
    )
)]
pub(super) async fn publish_report(command: Command<PublishReport>) -> Result<Answer<Report>, ApiError> {
    let answer = command.run("publish-report", async |tx, body| {
        let report = store::publish_open(tx, &body.customer_id).await?.ok_or(Refusal::NoOpenReport)?;
        let event = Event::ReportPublished(ReportPublished {
            report_id: report.report_id.clone(),
            customer_id: report.customer_id.clone(),
            number: report.number,
            totals: report.totals.clone(),
        });
        tx.record(report.report_id.as_str(), &event)?;
        Ok(Done::ok(report))
    });
    answer.await
}
