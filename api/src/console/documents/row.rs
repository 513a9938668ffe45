//! One document, with its report and its voiding.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::{
    CustomerId, DocumentId, Money,
    billing::{DocumentKind, DocumentStatus},
    reports::ReportStatus,
    voiding::VoidingState,
};

use super::forms::void_form;
use crate::console::{form, processes::Row, visitor::Visitor, words};

/// One document, as far as those that know it answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentRow {
    pub(super) document_id: DocumentId,
    pub(super) customer_id: CustomerId,
    pub(super) kind: Option<DocumentKind>,
    pub(super) total: Money,
    pub(super) issued_at: Option<DateTime<Utc>>,
    /// `None`: Billing is away.
    pub(super) status: Option<DocumentStatus>,
    pub(super) has_open_process: bool,
    /// Number and status of its report, where Reports has heard of it.
    pub(super) in_report: Option<(i64, ReportStatus)>,
    pub(super) is_out_of_total: bool,
    pub(super) voiding: Option<Row>,
}

impl DocumentRow {
    /// All of it that can change.
    pub(super) fn essence(&self) -> impl std::hash::Hash {
        let status = self.status.map(|status| status as u8);
        let report = self.in_report.map(|(number, status)| (number, status == ReportStatus::Open));
        let voiding = self.voiding.as_ref().map(|row| (row.voiding.view.state, row.voiding.view.incident.is_some()));
        (self.document_id.clone(), status, self.has_open_process, report, self.is_out_of_total, voiding)
    }

    fn is_voided(&self) -> bool {
        self.status == Some(DocumentStatus::Voided)
    }

    /// As a row of the table.
    pub(super) fn markup(&self, visitor: &Visitor, now: DateTime<Utc>) -> Markup {
        let id = &self.document_id;
        html! {
            tr id={ "document-" (id) } class=[self.is_voided().then_some("voided")] {
                td data-label="Document" {
                    span class="id" { (id) }
                    @if let Some(kind) = self.kind { " " span class="faint" { (name(kind)) } }
                }
                td data-label="Customer" { a class="id" href={ "/reports?customer_id=" (self.customer_id) } { (self.customer_id) } }
                td data-label="Amount" class="amount" { (self.total) " " (self.total.currency.code()) }
                td data-label="Issued" {
                    @match self.issued_at { Some(at) => { (words::age(at, now)) " ago" } None => "–" }
                }
                td data-label="Report" { (self.report()) }
                td data-label="Voided" {
                    @match self.status {
                        Some(DocumentStatus::Voided) => "yes",
                        Some(DocumentStatus::Issued | DocumentStatus::VoidingRequested) => "no",
                        None if self.is_out_of_total => "out of the total",
                        None => "–",
                    }
                }
                td data-label="Voiding" { (self.state()) }
                td data-label="Actions" class="actions" { (self.actions(visitor)) }
            }
        }
    }

    fn report(&self) -> Markup {
        html! {
            @match self.in_report {
                Some((number, ReportStatus::Open)) => { "No. " (number) ", open" }
                Some((number, ReportStatus::Published)) => { "No. " (number) ", published" }
                None => span class="faint" { "not shown here" },
            }
        }
    }

    fn state(&self) -> Markup {
        let path = format!("/processes/{}", self.document_id);
        html! {
            @if let Some(row) = &self.voiding {
                a class="state" href=(path) {
                    (words::badge(row.voiding.view.state))
                    @if row.voiding.view.incident.is_some() { " " (words::incident_badge()) }
                }
            } @else if self.has_open_process || self.is_voided() {
                a href=(path) { "the process" }
            } @else {
                span class="faint" { "none" }
            }
        }
    }

    fn actions(&self, visitor: &Visitor) -> Markup {
        let waits = self.has_open_process
            && self
                .voiding
                .as_ref()
                .is_some_and(|row| row.voiding.view.state == VoidingState::MarkingDocumentAsVoidedFailed);
        let has_form = !self.is_voided() && !self.has_open_process && self.status.is_some();
        html! {
            @if !has_form { (form::result(visitor, self.document_id.as_str())) }
            @if self.is_voided() { span class="faint" { "voided already" } }
            @else if waits { a class="button" href={ "/processes/" (self.document_id) } { "Acknowledge …" } }
            @else if self.has_open_process { span class="faint" { "being voided" } }
            @else if self.status.is_none() { span class="faint" { "Billing is away" } }
            @else {
                (void_form(visitor, &self.document_id, matches!(self.in_report, Some((_, ReportStatus::Published)))))
            }
        }
    }
}

const fn name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Invoice => "invoice",
        DocumentKind::Receipt => "receipt",
        DocumentKind::CreditNote => "credit note",
    }
}
