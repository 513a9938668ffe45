//! `GET /transfers`, and the same for each process manager: its instances, and what is wrong with which.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use process_manager_host::operator::{End, Instance, InstanceFilter, OperatorError};
use service_kit::{Params, cursor};
use voiding_client::Token;

use crate::{
    counts::midnight,
    managers::Manager,
    page::{LivePage, fingerprint},
    parts::{self, Show, Tile, badge, unavailable},
    process::trouble,
    session::Visitor,
    sources::Sources,
    view::{ProcessView, instance::view},
    words,
};

/// Instances of a page.
const PAGE: usize = 50;

/// The page; its filters stand in its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstancesPage {
    manager: &'static Manager,
    show: Show,
    incident: bool,
    text: String,
    cursor: Option<String>,
}

/// What the page shows.
pub(super) struct Model {
    /// `None` while Temporal is unavailable.
    overview: Option<Overview>,
    listing: Listing,
}

/// How many instances there are, and the newest that wait for an operator.
#[derive(Hash)]
struct Overview {
    running: i64,
    incidents: i64,
    /// Completed since midnight UTC.
    done_today: i64,
    given_up: i64,
    /// All that have ended; only ever grows, so that no change goes unseen.
    ended: i64,
    /// A retry that fails again changes no count.
    latest_incidents: Vec<ProcessView>,
}

#[derive(Default)]
struct Listing {
    rows: Vec<ProcessView>,
    next: Option<String>,
    trouble: Option<Trouble>,
}

/// Why the list is not the one that was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// The address names a page that no longer exists.
    Cursor,
    /// Temporal does not answer.
    Temporal,
}

impl InstancesPage {
    /// Reads an address. An invalid parameter counts as absent.
    pub(super) fn read(manager: &'static Manager, params: &Params) -> Self {
        let text = |name: &str| params.text(name).ok().flatten().map(str::trim).filter(|text| !text.is_empty());
        Self {
            manager,
            show: Show::read(text("show")),
            incident: text("incident") == Some("true"),
            text: text("text").unwrap_or_default().to_owned(),
            cursor: text("cursor").map(str::to_owned),
        }
    }

    fn filter(&self) -> InstanceFilter {
        InstanceFilter {
            is_running: self.show.is_open(),
            has_incident: self.incident.then_some(true),
            id_prefix: self.text.clone(),
            ..InstanceFilter::default()
        }
    }

    fn has_filters(&self) -> bool {
        self.incident || !self.text.is_empty()
    }

    /// The address of the same list from this cursor on.
    fn href(&self, cursor: Option<&str>) -> String {
        parts::address(
            self.manager.path,
            &[
                ("show", self.show.in_address()),
                ("incident", self.incident.then_some("true")),
                ("text", Some(&self.text)),
                ("cursor", cursor),
            ],
        )
    }

    fn views(&self, instances: Vec<Instance>) -> Vec<ProcessView> {
        instances.into_iter().map(|instance| view(self.manager, instance)).collect()
    }

    async fn overview(&self, sources: &Sources) -> Result<Overview, OperatorError> {
        let instances = sources.operator.instances_of(self.manager.name);
        let running = InstanceFilter { is_running: Some(true), ..InstanceFilter::default() };
        let ended = InstanceFilter { is_running: Some(false), ..InstanceFilter::default() };
        let incidents = InstanceFilter { has_incident: Some(true), ..running.clone() };
        let done_today = InstanceFilter { end: Some(End::Done), closed_since: Some(midnight()), ..ended.clone() };
        let given_up = InstanceFilter { end: Some(End::GivenUp), ..ended.clone() };
        let (latest, incidents, done_today, given_up, ended, running) = tokio::try_join!(
            instances.list(&incidents, PAGE, Vec::new()),
            instances.count(&incidents),
            instances.count(&done_today),
            instances.count(&given_up),
            instances.count(&ended),
            instances.count(&running),
        )?;
        let latest_incidents = self.views(latest.items);
        Ok(Overview { running, incidents, done_today, given_up, ended, latest_incidents })
    }

    async fn list(&self, sources: &Sources) -> Listing {
        let in_trouble = |trouble| Listing { trouble: Some(trouble), ..Listing::default() };
        let filter = self.filter();
        let Some(query) = filter.query(self.manager.name) else { return Listing::default() };
        let from = match self.cursor.as_deref().map(|text| cursor::decode::<Token>(&query, text)) {
            Some(None) => return in_trouble(Trouble::Cursor),
            Some(Some(token)) => token.into(),
            None => Vec::new(),
        };
        let given = !from.is_empty();
        match sources.operator.instances_of(self.manager.name).list(&filter, PAGE, from).await {
            Ok(page) => {
                let next = (!page.next.is_empty()).then(|| Token::from(page.next));
                let next = next.and_then(|token| cursor::encode(&query, &token).ok());
                Listing { rows: self.views(page.items), next, trouble: None }
            }
            Err(OperatorError::Refused(_)) if given => in_trouble(Trouble::Cursor),
            Err(_) => in_trouble(Trouble::Temporal),
        }
    }
}

impl LivePage for InstancesPage {
    type Model = Model;

    fn topic(&self) -> String {
        format!("on=instances&manager={}", self.manager.name)
    }

    /// The numbers alone: a change of the list changes one of them.
    async fn load(&self, sources: &Sources) -> Model {
        let manager = self.manager.name;
        let overview = self.overview(sources).await;
        let overview = overview.inspect_err(|error| tracing::debug!(manager, %error, "instances cannot be counted"));
        Model { overview: overview.ok(), listing: Listing::default() }
    }

    async fn complete(&self, sources: &Sources, model: Model) -> Model {
        // A Temporal that has just not answered is not asked a second time.
        let listing = match model.overview {
            Some(_) => self.list(sources).await,
            None => Listing { trouble: Some(Trouble::Temporal), ..Listing::default() },
        };
        Model { listing, ..model }
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(&model.overview)
    }

    fn title(&self) -> String {
        self.manager.title.to_owned()
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        let label = format!("Filter the {}", self.manager.title.to_lowercase());
        let fields = html! {
            (self.show.select())
            label { span { "Id begins with" }
                input type="search" name="text" value=(self.text) autocomplete="off" maxlength="256";
            }
            (parts::incident_filter(self.incident))
        };
        html! { h1 { (self.manager.title) } (parts::filters(self.manager.path, &label, &fields)) }
    }

    fn body(&self, _sources: &Sources, _visitor: &Visitor, model: &Model) -> Markup {
        let listing = &model.listing;
        let first = self.href(None);
        html! {
            @if listing.trouble == Some(Trouble::Temporal) {
                (unavailable("Temporal", "Nothing is lost: this page continues as soon as it is back."))
            }
            (parts::tiles(&self.tiles(model.overview.as_ref()), &first))
            @if listing.rows.is_empty() { (self.nothing(model)) } @else { (self.table(&listing.rows, Utc::now())) }
            (parts::pager(
                self.cursor.is_some().then_some(first.as_str()),
                listing.next.as_ref().map(|next| self.href(Some(next))).as_deref(),
            ))
        }
    }
}

impl InstancesPage {
    fn tiles(&self, overview: Option<&Overview>) -> [Tile; 4] {
        let path = self.manager.path;
        let tile = |id, word, count: fn(&Overview) -> i64, href| Tile { id, word, count: overview.map(count), href };
        [
            tile("running", "Running", |overview| overview.running, path.to_owned()),
            tile("incidents", "Incidents", |overview| overview.incidents, format!("{path}?incident=true")),
            tile("done", "Done today", |overview| overview.done_today, format!("{path}?show=ended")),
            tile("given-up", "Given up", |overview| overview.given_up, format!("{path}?show=ended")),
        ]
    }

    fn table(&self, rows: &[ProcessView], now: DateTime<Utc>) -> Markup {
        let lines = html! { @for row in rows { (self.row(row, now)) } };
        let columns = [self.manager.one, "Status", "Since", "Began", "What is wrong"];
        parts::table("instances", self.manager.title, &columns, &lines)
    }

    fn row(&self, row: &ProcessView, now: DateTime<Utc>) -> Markup {
        let id = row.target.id();
        html! {
            // An id may have been used again, and may be of any form: the run distinguishes the rows.
            tr id={ "run-" (row.key) } data-process=(id) {
                td data-label=(self.manager.one) { a class="id" href=(row.target.page()) { (id) } }
                td data-label="Status" { (badge(row.status)) }
                td data-label="Since" { (words::age(row.since.at, now)) }
                td data-label="Began" { (words::age(row.began_at, now)) " ago" }
                td data-label="Wrong" {
                    @match trouble(row, now) { Some(trouble) => (trouble), None => span class="faint" { "–" } }
                }
            }
        }
    }

    fn nothing(&self, model: &Model) -> Markup {
        let manager = self.manager;
        let trouble = model.listing.trouble;
        let is_first_visit = |overview: &Overview| overview.running == 0 && overview.ended == 0;
        html! {
            div class="empty" {
                @if trouble == Some(Trouble::Cursor) || (trouble.is_none() && self.cursor.is_some()) {
                    (parts::no_such_page(&self.href(None)))
                } @else if trouble.is_some() {
                    p { "There is nothing to show." }
                } @else if self.has_filters() {
                    p { strong { "Nothing matches these filters." } }
                    p { a class="button" href=(manager.path) { "Show all open ones" } }
                } @else if model.overview.as_ref().is_some_and(is_first_visit) {
                    p { strong { "There was none yet." } " " (manager.begins) }
                } @else {
                    p { strong { "Nothing is under way, and nothing waits for you." } }
                    p { (manager.begins) }
                    p { a class="button quiet" href={ (manager.path) "?show=ended" } { "Ended ones" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managers::MANAGERS;

    #[test]
    fn filters_survive_their_way_through_an_address() {
        let page = |text: &str| InstancesPage::read(MANAGERS[0], &Params::parse(text));
        assert_eq!(page("show=nonsense&incident=7&text=+").href(None), "/transfers");
        let address = "/transfers?show=ended&incident=true&text=t-1&cursor=x";
        let read = page(address.trim_start_matches("/transfers?"));
        assert_eq!(read.href(read.cursor.as_deref()), address);
    }
}
