//! `GET /transfers/{id}`, and the same for each process manager: one instance: where it stands, what it has been through,
//! and what can be done.

mod advice;
mod by_hand;
mod model;
mod timeline;
mod view;

use axum::response::Response;
use chrono::Utc;

pub(super) use self::model::Model;
use super::{
    Console,
    layout::{LivePart, Page},
    managers::{Manager, encoded},
    not_found,
    visitor::Visitor,
};

/// The page.
pub(super) async fn show_instance(
    manager: &'static Manager,
    console: Console,
    visitor: Visitor,
    id: String,
) -> Response {
    let model = Model::load(&console, manager, &id).await;
    if model.is_unknown() {
        let what = format!("There was never a {} of this id: {id}", manager.one.to_lowercase());
        return not_found(&visitor, &what);
    }
    let model = model.with_past(&console, manager, &id).await;
    let events = format!("on=instance&manager={}&id={}", manager.name, encoded(&id));
    let live = LivePart { events, seen: model.fingerprint() };
    let body = view::body(manager, &console, &visitor, &model, Utc::now());
    let placed = visitor.notice.as_ref().is_some_and(|notice| model.has_actions() && notice.about == id);
    Page::new(id.as_str(), &visitor).live(live).notice_is_placed(placed).render(&view::head(manager, &id), &body)
}
