//! `GET /reports`: reports and documents, of one customer or of all. Here operators issue and void documents, and
//! publish reports.

use std::collections::HashMap;

use chrono::Utc;
use maud::{Markup, html};
use messages::{CustomerId, DocumentId, reports::Report};
use service_kit::Params;

use super::{document::DocumentRow, listing::given, report::ReportCard};
use crate::{
    fingerprint::fingerprint,
    form,
    page::LivePage,
    parts::{self, notice_is_about, unavailable},
    paths, services,
    session::Visitor,
    sources::Sources,
    view,
};

/// The subject of notices of the form that issues documents; no id contains such a character.
pub(crate) const ISSUE: &str = "+issue";

/// The columns of the documents.
const COLUMNS: [&str; 8] = ["Document", "Customer", "Amount", "Issued", "Report", "Voided", "Voiding", "Actions"];
/// Number of documents on a page.
const DOCUMENTS: usize = 50;
/// Number of reports on a page: of one customer, and of all.
const REPORTS_OF_ONE: usize = 24;
const REPORTS_OF_ALL: usize = 12;

/// The page. Its address contains what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentsPage {
    customer: Option<CustomerId>,
    /// The reason why the address names no customer although it should.
    invalid: Option<String>,
    cursor: Option<String>,
}

/// The content of the page.
#[derive(Default)]
pub(super) struct Model {
    /// `None` while Reports is unavailable.
    reports: Option<Vec<ReportCard>>,
    documents: Vec<DocumentRow>,
    billing_is_unavailable: bool,
    temporal_is_unavailable: bool,
    next: Option<String>,
}

impl DocumentsPage {
    /// Reads an address.
    pub(super) fn read(params: &Params) -> Self {
        let text = |name: &str| params.text(name).ok().flatten().map(str::trim).filter(|text| !text.is_empty());
        let (customer, invalid) = match given::<CustomerId>(text("customer_id").unwrap_or_default(), "customer") {
            Ok(customer) => (customer, None),
            Err(why) => (None, Some(why)),
        };
        Self { customer, invalid, cursor: text("cursor").map(str::to_owned) }
    }

    /// Returns the address of the same list from this cursor on.
    fn href(&self, cursor: Option<&str>) -> String {
        let customer = self.customer.as_ref().map(CustomerId::as_str);
        parts::address(paths::REPORTS, &[("customer_id", customer), ("cursor", cursor)])
    }
}

impl LivePage for DocumentsPage {
    type Model = Model;

    fn topic(&self) -> String {
        let customer = self.customer.as_ref().map(CustomerId::as_str);
        let pairs = [("on", Some("documents")), ("customer_id", customer), ("cursor", self.cursor.as_deref())];
        parts::address("", &pairs).trim_start_matches('?').to_owned()
    }

    /// Loads documents from Billing, their reports from Reports, their voidings from Temporal. What is unavailable is
    /// missing, and the rest is shown.
    async fn load(&self, sources: &Sources) -> Model {
        if self.invalid.is_some() {
            return Model { reports: Some(Vec::new()), ..Model::default() };
        }
        let customer = self.customer.as_ref();
        let limit = if customer.is_some() { REPORTS_OF_ONE } else { REPORTS_OF_ALL };
        let (documents, reports) = tokio::join!(
            services::documents(sources.voidings.billing(), customer, DOCUMENTS, self.cursor.as_deref()),
            services::reports(&sources.reports, customer, limit),
        );
        let reports = reports.ok();
        let billing_is_unavailable = documents.is_err();
        let (mut rows, next) = match documents {
            Ok(page) => (page.items.into_iter().map(DocumentRow::of_billing).collect(), page.next_cursor),
            Err(_) => (rows_of_reports(reports.as_deref().unwrap_or_default()), None),
        };
        enter_reports(&mut rows, reports.as_deref().unwrap_or_default());
        let ids: Vec<&DocumentId> = rows.iter().map(|row| &row.document_id).collect();
        let mut voidings = sources.voidings.latest_of(&ids).await.ok();
        for row in &mut rows {
            let voiding = voidings.as_mut().and_then(|voidings| voidings.remove(&row.document_id));
            row.voiding = voiding.map(view::voiding::view);
        }
        let reports = reports.map(|reports| reports.into_iter().map(ReportCard::new).collect());
        let temporal_is_unavailable = voidings.is_none();
        Model { reports, documents: rows, billing_is_unavailable, temporal_is_unavailable, next }
    }

    fn fingerprint(model: &Model) -> u64 {
        let reports = model.reports.as_ref().map(|cards| {
            let cards = cards
                .iter()
                .map(|card| (card.report.report_id.as_str(), card.report.published_at, card.documents, card.voided));
            cards.collect::<Vec<_>>()
        });
        let documents: Vec<_> = model.documents.iter().map(DocumentRow::essence).collect();
        fingerprint(&(reports, documents, model.billing_is_unavailable, model.temporal_is_unavailable, &model.next))
    }

    fn title(&self) -> String {
        "Reports and documents".to_owned()
    }

    fn head(&self, visitor: &Visitor) -> Markup {
        let customer = self.customer.as_ref();
        html! {
            @match customer {
                Some(customer) => {
                    p class="crumbs" { a href=(paths::REPORTS) { "Reports and documents" } " / " }
                    h1 { "Customer " span class="id" { (customer) } }
                }
                None => h1 { "Reports and documents" },
            }
            details class="card issue-box" open[notice_is_about(visitor, ISSUE)] {
                summary { "Issue a document" }
                (issue_form(visitor, customer))
            }
            form class="filters" method="get" action=(paths::REPORTS) role="search" aria-label="Choose a customer" {
                label { span { "Customer" }
                    input type="search" name="customer_id" value=[customer] autocomplete="off" maxlength="128"
                        placeholder="all";
                }
                button type="submit" { "Show" }
            }
        }
    }

    fn body(&self, _sources: &Sources, visitor: &Visitor, model: &Model) -> Markup {
        let now = Utc::now();
        let rows = html! { @for row in &model.documents { (row.markup(visitor, now)) } };
        let first = self.href(None);
        if let Some(why) = &self.invalid {
            return html! {
                div class="empty" {
                    p { strong { (why) } }
                    p { a class="button" href=(paths::REPORTS) { "Show all customers" } }
                }
            };
        }
        html! {
            (banners(model))
            section aria-labelledby="reports" {
                h2 id="reports" { "Reports" }
                @match model.reports.as_deref() {
                    Some([]) => p class="empty" { "There is no report yet: a customer’s first document opens one." },
                    Some(reports) => div class="cards" { @for card in reports { (card.markup(visitor, now)) } },
                    None => p class="empty" { "The reports are shown as soon as Reports answers again." },
                }
            }
            section aria-labelledby="documents" {
                h2 id="documents" { "Documents" }
                @if model.documents.is_empty() { (self.nothing(model)) }
                @else { (parts::table("documents", "Documents", &COLUMNS, &rows)) }
            }
            (parts::pager(
                self.cursor.is_some().then_some(first.as_str()),
                model.next.as_ref().map(|next| self.href(Some(next))).as_deref(),
            ))
        }
    }

    /// Returns whether the document's or the customer's button is on the page.
    fn shows(&self, model: &Model, about: &str) -> bool {
        about == ISSUE
            || model.documents.iter().any(|row| row.document_id.as_str() == about)
            || model.reports.iter().flatten().any(|card| card.has_button(about))
    }
}

impl DocumentsPage {
    fn nothing(&self, model: &Model) -> Markup {
        html! {
            div class="empty" {
                @if model.billing_is_unavailable {
                    p { "The documents are shown as soon as Billing answers again." }
                } @else if self.cursor.is_some() {
                    p { strong { "No more documents." } }
                } @else if self.customer.is_some() {
                    p { strong { "This customer has no document." } " Issue one with the form above." }
                } @else {
                    p { strong { "There is no document yet." } " Issue one with the form above; then void it here." }
                }
            }
        }
    }
}

fn banners(model: &Model) -> Markup {
    html! {
        @if model.billing_is_unavailable {
            (unavailable("Billing", if model.reports.is_some() {
                "Nothing can be issued or voided now. Below are the latest documents that Reports knows."
            } else {
                "Nothing can be issued or voided now."
            }))
        }
        @if model.reports.is_none() {
            (unavailable("Reports", "Totals are missing, and voidings wait for it; they continue automatically."))
        }
        @if model.temporal_is_unavailable { (unavailable("Temporal", "The states of the voidings are not known now.")) }
    }
}

/// Writes the form that issues a document.
fn issue_form(visitor: &Visitor, customer: Option<&CustomerId>) -> Markup {
    let body = html! {
            label { span { "Customer" }
                input name="customer_id" required maxlength="128" autocomplete="off" value=[customer];
            }
            label { span { "Kind" }
                select name="kind" {
                    option value="invoice" { "Invoice" }
                    option value="receipt" { "Receipt" }
                    option value="credit-note" { "Credit note" }
                }
            }
            label { span { "Amount" }
                input name="amount" required maxlength="24" autocomplete="off" inputmode="decimal" placeholder="12.34";
            }
            label { span { "Currency" } input name="currency" required maxlength="3" size="4" value="EUR" autocomplete="off"; }
            label { span { "Document ID (optional)" } input name="document_id" maxlength="128" autocomplete="off"; }
            button type="submit" class="primary" { "Issue" }
            (form::result(visitor, ISSUE))
    };
    form::form(visitor, paths::ISSUE, Some("issue"), &[], &body)
}

/// Returns the latest documents of each report, for use while Billing is unavailable.
fn rows_of_reports(reports: &[Report]) -> Vec<DocumentRow> {
    let newest = reports.iter().flat_map(|report| {
        report.documents.iter().rev().map(|document| DocumentRow::of_reports(document, &report.customer_id))
    });
    newest.take(DOCUMENTS).collect()
}

fn enter_reports(rows: &mut [DocumentRow], reports: &[Report]) {
    let wanted: HashMap<DocumentId, usize> =
        rows.iter().enumerate().map(|(index, row)| (row.document_id.clone(), index)).collect();
    for report in reports {
        for document in &report.documents {
            if let Some(row) = wanted.get(&document.document_id).and_then(|index| rows.get_mut(*index)) {
                row.in_report = Some((report.number, report.status));
                row.is_out_of_total = document.voided;
            }
        }
    }
}
