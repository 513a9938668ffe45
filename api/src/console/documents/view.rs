//! The page of reports and documents.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::reports::ReportStatus;

use super::{
    Selection,
    forms::{issue_form, publish_form},
    model::{Model, ReportCard},
};
use crate::console::{layout::away, visitor::Visitor, words};

pub(super) fn head(visitor: &Visitor, selection: &Selection) -> Markup {
    let customer = selection.customer.as_ref();
    html! {
        @match customer {
            Some(customer) => {
                p class="crumbs" { a href="/reports" { "Reports and documents" } " / " }
                h1 { "Customer " span class="id" { (customer) } }
            }
            None => h1 { "Reports and documents" },
        }
        details class="card issue-box" open[visitor.notice.as_ref().is_some_and(|n| n.about == super::forms::ISSUE)] {
            summary { "Issue a document" }
            (issue_form(visitor, customer))
        }
        form class="filters" method="get" action="/reports" role="search" aria-label="Choose a customer" {
            label { span { "Customer" }
                input type="search" name="customer_id" value=[customer] autocomplete="off" maxlength="128" placeholder="all";
            }
            button type="submit" { "Show" }
        }
    }
}

/// The part that is live.
pub(super) fn body(visitor: &Visitor, selection: &Selection, model: &Model, now: DateTime<Utc>) -> Markup {
    html! {
        (who_is_away(model))
        section aria-labelledby="reports" {
            h2 id="reports" { "Reports" }
            @match model.reports.as_deref() {
                Some([]) => p class="empty" { "There is no report yet: a customer’s first document opens one." },
                Some(reports) => div class="cards" { @for card in reports { (report(visitor, card, now)) } },
                None => p class="empty" { "There is nothing to show." },
            }
        }
        section aria-labelledby="documents" {
            h2 id="documents" { "Documents" }
            @if model.documents.is_empty() { (nothing(selection, model)) } @else { (documents(visitor, model, now)) }
        }
        (pager(selection, model))
    }
}

fn who_is_away(model: &Model) -> Markup {
    html! {
        @if model.billing_is_away {
            (away("Billing", "Nothing can be issued or voided now. Below are the latest documents that Reports knows."))
        }
        @if model.reports.is_none() {
            (away("Reports", "Totals are missing, and voidings wait for it; they go on by themselves."))
        }
        @if model.temporal_is_away { (away("Temporal", "How far the voidings are is not known now.")) }
    }
}

fn report(visitor: &Visitor, card: &ReportCard, now: DateTime<Utc>) -> Markup {
    let report = &card.report;
    let is_open = report.status == ReportStatus::Open;
    html! {
        article class={ "card report " @if is_open { "open" } @else { "published" } } id={ "report-" (report.report_id) } {
            h3 {
                a class="id" href={ "/reports?customer_id=" (report.customer_id) } { (report.customer_id) }
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
            p class="faint" { (card.documents) @if card.documents == 1 { " document" } @else { " documents" } ", " (card.voided) " voided" }
            @if is_open { (publish_form(visitor, report)) }
        }
    }
}

fn documents(visitor: &Visitor, model: &Model, now: DateTime<Utc>) -> Markup {
    html! {
        div class="table" {
            table class="documents" {
                caption class="unseen" { "Documents" }
                thead {
                    tr {
                        @for (name, class) in [
                            ("Document", ""), ("Customer", ""), ("Amount", "amount"), ("Issued", ""), ("Report", ""),
                            ("Voided", ""), ("Voiding", ""), ("Actions", ""),
                        ] {
                            th scope="col" class=(class) { (name) }
                        }
                    }
                }
                tbody { @for row in &model.documents { (row.markup(visitor, now)) } }
            }
        }
    }
}

fn nothing(selection: &Selection, model: &Model) -> Markup {
    html! {
        div class="empty" {
            @if model.billing_is_away {
                p { "There is nothing to show." }
            } @else if selection.cursor.is_some() {
                p { strong { "This page of the list is no more." } }
            } @else if selection.customer.is_some() {
                p { strong { "This customer has no document." } " Issue one with the form above." }
            } @else {
                p { strong { "There is no document yet." } " Issue one with the form above; then void it here." }
            }
        }
    }
}

fn pager(selection: &Selection, model: &Model) -> Markup {
    html! {
        @if selection.cursor.is_some() || model.next.is_some() {
            nav class="pager" aria-label="Pages of the list" {
                @if selection.cursor.is_some() {
                    a class="button quiet" href={ "/reports?" (selection.query(None)) } { "First page" }
                }
                @if let Some(next) = &model.next {
                    a class="button quiet" rel="next" href={ "/reports?" (selection.query(Some(next))) } { "Next page" }
                }
            }
        }
    }
}
