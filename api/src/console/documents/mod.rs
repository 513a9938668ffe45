//! `GET /reports`: reports and documents, of one customer or of all; where documents are issued and voided and reports
//! published.

mod forms;
mod model;
mod row;
mod view;

use axum::{extract::State, response::Response};
use chrono::Utc;
use messages::CustomerId;
use service_kit::Params;
use url::form_urlencoded::Serializer;

pub(super) use self::{forms::ISSUE, model::Model};
use super::{
    Console,
    layout::{LivePart, Page},
    visitor::Visitor,
};

/// Which documents the page shows, as it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Selection {
    pub(super) customer: Option<CustomerId>,
    pub(super) cursor: Option<String>,
}

impl Selection {
    /// Reads an address. What cannot be read counts as not given.
    pub(super) fn read(params: &Params) -> Self {
        let text = |name: &str| params.text(name).ok().flatten().map(str::trim).filter(|text| !text.is_empty());
        Self { customer: text("customer_id").and_then(|id| id.parse().ok()), cursor: text("cursor").map(str::to_owned) }
    }

    /// As a query string.
    fn query(&self, cursor: Option<&str>) -> String {
        let mut pairs = Serializer::new(String::new());
        if let Some(customer) = &self.customer {
            pairs.append_pair("customer_id", customer.as_str());
        }
        if let Some(cursor) = cursor {
            pairs.append_pair("cursor", cursor);
        }
        pairs.finish()
    }
}

/// The page.
pub(super) async fn show_documents(State(console): State<Console>, visitor: Visitor, params: Params) -> Response {
    let selection = Selection::read(&params);
    let model = Model::load(&console, &selection).await;
    let events = format!("on=documents&{}", selection.query(selection.cursor.as_deref()));
    let live = LivePart { events, seen: model.fingerprint() };
    let body = view::body(&visitor, &selection, &model, Utc::now());
    let placed = visitor.notice.as_ref().is_some_and(|notice| notice.about == ISSUE || model.shows(&notice.about));
    Page::new("Reports and documents", &visitor)
        .live(live)
        .notice_is_placed(placed)
        .render(&view::head(&visitor, &selection), &body)
}
