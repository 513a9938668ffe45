//! `POST /console/publish`: publishes a customer's open report.

use axum::{extract::State, response::Response};
use messages::{CustomerId, ReportId};
use process_manager_client::http::Envelope;

use super::explain;
use crate::console::{Console, form::Fields, notice::Notice};

pub(in crate::console) async fn publish_report(State(console): State<Console>, fields: Fields) -> Response {
    let about = fields.text("customer_id").unwrap_or_default();
    let report: Option<ReportId> = fields.text("report_id").and_then(|id| id.parse().ok());
    let notice = match (about.parse::<CustomerId>(), report) {
        (Ok(customer_id), Some(report_id)) => publish(&console, customer_id, &report_id).await,
        (Err(error), _) => Notice::refused(about, error.to_string()),
        (_, None) => Notice::refused(about, "the form names no report; load the page again"),
    };
    fields.answer(&notice)
}

async fn publish(console: &Console, customer_id: CustomerId, report_id: &ReportId) -> Notice {
    // Clicked twice, it publishes this report once, and not the next one as well.
    let envelope = Envelope { idempotency_key: Some(format!("console/publish/{report_id}")), ..Envelope::default() };
    match console.reports.publish(customer_id.clone(), &envelope).await {
        Ok(report) => {
            Notice::done(customer_id, format!("report No. {} of {} is published", report.number, report.customer_id))
        }
        Err(error) => Notice::refused(customer_id, explain(&error, "Reports")),
    }
}
