//! The page's three forms: void, publish, issue.

use maud::{Markup, html};
use messages::{CustomerId, DocumentId, reports::Report};

use crate::console::{form, visitor::Visitor};

/// What a notice of the form that issues documents is about; no id has such a sign.
pub(in crate::console) const ISSUE: &str = "+issue";

/// Has a document voided.
pub(super) fn void_form(visitor: &Visitor, document_id: &DocumentId, is_published: bool) -> Markup {
    html! {
        form method="post" action="/console/void" hx-post="/console/void" hx-target="find .result"
            hx-disabled-elt="find button" {
            (form::hidden(visitor))
            input type="hidden" name="document_id" value=(document_id);
            button type="submit" { "Void" span class="unseen" { " " (document_id) } }
            @if is_published { span class="faint hint" { "published: will be refused" } }
            (form::result(visitor, document_id.as_str()))
        }
    }
}

/// Publishes a customer's open report. The key makes a second click publish no second report.
pub(super) fn publish_form(visitor: &Visitor, report: &Report) -> Markup {
    html! {
        form method="post" action="/console/publish" hx-post="/console/publish" hx-target="find .result"
            hx-disabled-elt="find button" {
            (form::hidden(visitor))
            input type="hidden" name="customer_id" value=(report.customer_id);
            input type="hidden" name="report_id" value=(report.report_id);
            button type="submit" { "Publish" span class="unseen" { " the report of " (report.customer_id) } }
            (form::result(visitor, report.customer_id.as_str()))
        }
    }
}

/// Issues a document.
pub(super) fn issue_form(visitor: &Visitor, customer: Option<&CustomerId>) -> Markup {
    html! {
        form class="issue" method="post" action="/console/issue" hx-post="/console/issue" hx-target="find .result"
            hx-disabled-elt="find button" {
            (form::hidden(visitor))
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
            label { span { "Document id (may be empty)" } input name="document_id" maxlength="128" autocomplete="off"; }
            button type="submit" class="primary" { "Issue" }
            (form::result(visitor, ISSUE))
        }
    }
}
