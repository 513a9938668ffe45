//! `GET /`: the processes, how many there are of each sort, and what can be done about them.

mod listing;
mod query;
mod table;
mod view;

use axum::{extract::State, response::Response};
use chrono::Utc;
use service_kit::Params;

use self::{listing::Listing, query::Query};
pub(super) use self::{
    listing::Row,
    query::Show,
    table::{acknowledge_form, retry_form, who_and_why},
};
use super::{
    Console,
    layout::{LivePart, Page},
    live::fingerprint,
    visitor::Visitor,
};

/// The page.
pub(super) async fn list_processes(State(console): State<Console>, visitor: Visitor, params: Params) -> Response {
    let query = Query::read(&params);
    // First the counts: what changes after them makes the page ask again.
    let counts = console.counter.counts().await;
    let listing = Listing::load(&console.app, &query, counts.is_some()).await;
    let live = LivePart { events: "on=processes".to_owned(), seen: fingerprint(&counts) };
    let body = view::body(&visitor, &query, counts, &listing, Utc::now());
    let placed = visitor.notice.as_ref().is_some_and(|notice| listing.shows(&notice.about));
    Page::new("Processes", &visitor).live(live).notice_is_placed(placed).render(&view::head(&query), &body)
}
