//! `POST /console/issue`: issues a document.

use axum::{extract::State, response::Response};
use messages::{
    Money,
    billing::{DocumentKind, IssueDocument},
};
use process_manager_client::http::Envelope;

use super::explain;
use crate::{
    app::App,
    console::{documents::ISSUE, form::Fields, notice::Notice},
};

pub(in crate::console) async fn issue_document(State(app): State<App>, fields: Fields) -> Response {
    let notice = match read(&fields) {
        Ok(document) => issue(&app, &document).await,
        Err(reason) => Notice::refused(ISSUE, reason),
    };
    fields.answer(&notice)
}

/// The document that the form describes, or what is wrong with it.
fn read(fields: &Fields) -> Result<IssueDocument, String> {
    let text = |name: &str| fields.text(name).unwrap_or_default();
    let document_id = fields.text("document_id").map(str::parse).transpose();
    let kind = match text("kind") {
        "receipt" => DocumentKind::Receipt,
        "credit-note" => DocumentKind::CreditNote,
        _ => DocumentKind::Invoice,
    };
    Ok(IssueDocument {
        document_id: document_id.map_err(|error| format!("document: {error}"))?,
        customer_id: text("customer_id").parse().map_err(|error| format!("customer: {error}"))?,
        kind,
        total: Money::parse(text("amount"), &text("currency").to_uppercase()).map_err(|error| error.to_string())?,
    })
}

async fn issue(app: &App, document: &IssueDocument) -> Notice {
    match app.billing.issue(document, &Envelope::default()).await {
        Ok(issued) => {
            let (id, customer) = (&issued.document_id, &issued.customer_id);
            Notice::done(id.as_str(), format!("{id} is issued for {customer}"))
        }
        Err(error) => Notice::refused(ISSUE, explain(&error, "Billing")),
    }
}
