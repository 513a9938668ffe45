//! A card on the page of reports and documents: one report.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::reports::{Report, ReportStatus};

use crate::{form, paths, session::Visitor, words};

/// A report without its documents.
pub(super) struct ReportCard {
    pub(super) report: Report,
    pub(super) documents: i64,
    pub(super) voided: i64,
}

impl ReportCard {
    pub(super) fn new(mut report: Report) -> Self {
        report.documents.clear();
        Self { documents: report.document_count, voided: report.voided_count, report }
    }

    /// Returns whether the customer's button is on the card.
    pub(super) fn has_button(&self, customer: &str) -> bool {
        self.report.status == ReportStatus::Open && self.report.customer_id.as_str() == customer
    }

    /// Writes the card.
    pub(super) fn markup(&self, visitor: &Visitor, now: DateTime<Utc>) -> Markup {
        let report = &self.report;
        let is_open = report.status == ReportStatus::Open;
        html! {
            article class={ "card report " @if is_open { "open" } @else { "published" } } id={ "report-" (report.report_id) } {
                h3 {
                    a class="id" href=(paths::reports_of(&report.customer_id)) { (report.customer_id) }
                    " · No. " (report.number)
                }
                p {
                    @if is_open { span class="badge open" { span class="sign" aria-hidden="true" { "○" } "Open" } }
                    @else { span class="badge published" { span class="sign" aria-hidden="true" { "✓" } "Published" } }
                    @if let Some(at) = report.published_at { " " span class="faint" { (words::age(at, now)) " ago" } }
                }
                p class="total" {
                    @if report.totals.is_empty() { "0" }
                    @for total in &report.totals { span { (total) " " (total.currency.code()) } " " }
                }
                p class="faint" { (self.documents) @if self.documents == 1 { " document" } @else { " documents" } ", " (self.voided) " voided" }
                @if is_open { (publish_form(visitor, report)) }
            }
        }
    }
}

/// Writes the form that publishes a customer's open report. Its key prevents a second click from publishing a second
/// report.
fn publish_form(visitor: &Visitor, report: &Report) -> Markup {
    let customer = report.customer_id.as_str();
    let body = html! {
        button type="submit" { "Publish" span class="unseen" { " the report of " (customer) } }
        (form::result(visitor, customer))
    };
    let fields = [("customer_id", customer), ("report_id", report.report_id.as_str())];
    form::form(visitor, paths::PUBLISH, None, &fields, &body)
}
