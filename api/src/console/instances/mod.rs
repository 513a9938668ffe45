//! `GET /transfers`, and the same for each process manager: its instances, and what is wrong with which.

mod listing;
mod query;
mod view;

use axum::response::Response;
use chrono::Utc;
use service_kit::Params;

pub(super) use self::listing::Overview;
use self::{listing::Listing, query::Query};
use super::{
    Console,
    layout::{LivePart, Page},
    live::fingerprint,
    managers::Manager,
    visitor::Visitor,
};

/// The page.
pub(super) async fn list_instances(
    manager: &'static Manager,
    console: Console,
    visitor: Visitor,
    params: Params,
) -> Response {
    let (query, temporal) = (Query::read(&params), &console.app.temporal);
    // First the counts: what changes after them makes the page ask again.
    let overview = Overview::load(temporal, manager).await;
    let listing = Listing::load(temporal, manager, &query, overview.is_some()).await;
    let live = LivePart {
        events: format!("on=instances&manager={}", manager.name),
        seen: fingerprint(&format!("{overview:?}")),
    };
    let body = view::body(manager, &query, overview.as_ref(), &listing, Utc::now());
    Page::new(manager.title, &visitor).live(live).render(&view::head(manager, &query), &body)
}
