//! `POST /console/void`: has a document voided.

use axum::{extract::State, response::Response};
use messages::DocumentId;
use process_manager_client::http::Envelope;

use super::explain;
use crate::{
    app::App,
    console::{form::Fields, notice::Notice},
};

pub(in crate::console) async fn void_document(State(app): State<App>, fields: Fields) -> Response {
    let about = fields.text("document_id").unwrap_or_default();
    let notice = match about.parse::<DocumentId>() {
        Ok(document_id) => void(&app, document_id).await,
        Err(error) => Notice::refused(about, error.to_string()),
    };
    fields.answer(&notice)
}

async fn void(app: &App, document_id: DocumentId) -> Notice {
    match app.billing.void_document(document_id.clone(), &Envelope::default()).await {
        Ok(accepted) => {
            tracing::Span::current().record("correlation_id", accepted.process_id.as_str());
            app.begin(&accepted, false).await;
            Notice::done(document_id.as_str(), format!("the voiding of {document_id} is under way"))
        }
        Err(error) => Notice::refused(document_id, explain(&error, "Billing")),
    }
}
