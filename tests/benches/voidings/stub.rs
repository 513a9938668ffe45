//! Billing and Reports that accept each command at once, in this process.

use axum::{Json, Router, routing::post};
use messages::{billing::DocumentVoiding, billing::DocumentVoidingCommand, reports::DocumentMarking};
use tokio::net::TcpListener;

/// Returns the URL of both.
pub(crate) async fn start() -> String {
    let router = Router::new()
        .route("/commands/mark-document-as-voided", post(async |Json(marking): Json<DocumentMarking>| Json(marking)))
        .route("/commands/complete-document-voiding", post(complete));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn complete(Json(command): Json<DocumentVoidingCommand>) -> Json<DocumentVoiding> {
    let DocumentVoidingCommand { document_id, process_id } = command;
    Json(DocumentVoiding { document_id, customer_id: "customer".parse().unwrap(), process_id })
}
