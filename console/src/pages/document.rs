//! A row on the page of reports and documents: one document, with its report and its voiding.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::{
    CustomerId, DocumentId, Money,
    billing::{self, DocumentKind, DocumentStatus},
    reports::{ReportStatus, ReportedDocument},
    voiding::VoidingState,
};

use crate::{
    form,
    parts::badges,
    paths,
    session::Visitor,
    view::{ProcessView, Status},
    words,
};

/// One document, as far as the services that know it answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentRow {
    pub(super) document_id: DocumentId,
    pub(super) customer_id: CustomerId,
    pub(super) kind: Option<DocumentKind>,
    pub(super) total: Money,
    pub(super) issued_at: Option<DateTime<Utc>>,
    /// `None` while Billing is unavailable.
    pub(super) status: Option<DocumentStatus>,
    pub(super) has_open_process: bool,
    /// Number and status of its report, if Reports knows the document.
    pub(super) in_report: Option<(i64, ReportStatus)>,
    pub(super) is_out_of_total: bool,
    pub(super) voiding: Option<ProcessView>,
}

impl DocumentRow {
    pub(super) fn of_billing(document: billing::Document) -> Self {
        Self {
            document_id: document.document_id,
            customer_id: document.customer_id,
            kind: Some(document.kind),
            total: document.total,
            issued_at: Some(document.issued_at),
            status: Some(document.status),
            has_open_process: document.process_id.is_some(),
            in_report: None,
            is_out_of_total: false,
            voiding: None,
        }
    }

    pub(super) fn of_reports(document: &ReportedDocument, customer_id: &CustomerId) -> Self {
        Self {
            document_id: document.document_id.clone(),
            customer_id: customer_id.clone(),
            kind: None,
            total: document.total,
            issued_at: None,
            status: None,
            has_open_process: false,
            in_report: None,
            is_out_of_total: false,
            voiding: None,
        }
    }

    /// Returns everything about it that can change.
    pub(super) fn essence(&self) -> impl std::hash::Hash {
        let status = self.status.map(|status| status as u8);
        let report = self.in_report.map(|(number, status)| (number, status == ReportStatus::Open));
        let voiding = self.voiding.as_ref().map(|view| (view.status, view.trouble));
        (self.document_id.clone(), status, self.has_open_process, report, self.is_out_of_total, voiding)
    }

    fn is_voided(&self) -> bool {
        self.status == Some(DocumentStatus::Voided)
    }

    /// Writes it as a row of the table.
    pub(super) fn markup(&self, visitor: &Visitor, now: DateTime<Utc>) -> Markup {
        let id = &self.document_id;
        html! {
            tr id={ "document-" (id) } class=[self.is_voided().then_some("voided")] {
                td data-label="Document" {
                    span class="id" title=(id) { (id) }
                    @if let Some(kind) = self.kind { " " span class="faint" { (name(kind)) } }
                }
                td data-label="Customer" { a class="id" href=(paths::reports_of(&self.customer_id)) title=(self.customer_id) { (self.customer_id) } }
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
        let path = paths::process(&self.document_id);
        html! {
            @if let Some(view) = &self.voiding {
                a class="state" href=(path) {
                    (badges(view))
                }
            } @else if self.has_open_process || self.is_voided() {
                a href=(path) { "the process" }
            } @else {
                span class="faint" { "none" }
            }
        }
    }

    fn actions(&self, visitor: &Visitor) -> Markup {
        let failed = Status::of_voiding(VoidingState::MarkingDocumentAsVoidedFailed);
        let waits = self.has_open_process && self.voiding.as_ref().is_some_and(|view| view.status == failed);
        let has_form = !self.is_voided() && !self.has_open_process && self.status.is_some();
        html! {
            @if !has_form { (form::result(visitor, self.document_id.as_str())) }
            @if self.is_voided() { span class="faint" { "voided already" } }
            @else if waits { a class="button" href=(paths::process(&self.document_id)) { "Acknowledge …" } }
            @else if self.has_open_process { span class="faint" { "being voided" } }
            @else if self.status.is_none() { span class="faint" { "Billing is unavailable" } }
            @else { (self.void_form(visitor)) }
        }
    }

    fn void_form(&self, visitor: &Visitor) -> Markup {
        let id = self.document_id.as_str();
        let is_published = matches!(self.in_report, Some((_, ReportStatus::Published)));
        let body = html! {
            button type="submit" { "Void" span class="unseen" { " " (id) } }
            @if is_published { span class="faint hint" { "Already published – cannot be voided" } }
            (form::result(visitor, id))
        };
        form::form(visitor, paths::VOID, None, &[("document_id", id)], &body)
    }
}

const fn name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Invoice => "invoice",
        DocumentKind::Receipt => "receipt",
        DocumentKind::CreditNote => "credit note",
    }
}
