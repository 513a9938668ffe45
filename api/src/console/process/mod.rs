//! `GET /processes/{document_id}`: one process: where it stands, how it came there, and what can be done.

mod advice;
mod diagram;
mod model;
mod timeline;
mod view;

use axum::{
    extract::{Path, State},
    response::Response,
};
use chrono::Utc;
use messages::DocumentId;

pub(super) use self::{model::Model, view::copy};
use super::{
    Console,
    layout::{LivePart, Page},
    not_found,
    visitor::Visitor,
};

/// The page.
pub(super) async fn show_process(
    State(console): State<Console>,
    visitor: Visitor,
    Path(document_id): Path<String>,
) -> Response {
    let Ok(document_id) = document_id.parse::<DocumentId>() else {
        return not_found(&visitor, "The address names no document: an id has letters, digits, '.', '_' and '-' only.");
    };
    let model = Model::load(&console, &document_id).await;
    if model.is_unknown() {
        return not_found(&visitor, &format!("No voiding of document {document_id} was ever requested."));
    }
    let model = model.with_history(&console, &document_id).await;
    let live = LivePart { events: format!("on=process&document_id={document_id}"), seen: model.fingerprint() };
    let namespace = console.app.temporal.namespace();
    let body = view::body(&visitor, &document_id, &model, &namespace, Utc::now());
    let placed =
        visitor.notice.as_ref().is_some_and(|notice| model.has_actions() && notice.about == document_id.as_str());
    Page::new(document_id.as_str(), &visitor)
        .live(live)
        .notice_is_placed(placed)
        .render(&view::head(&document_id), &body)
}
