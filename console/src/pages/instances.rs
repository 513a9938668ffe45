//! `GET /transfers`, and the same for each process manager: its instances, and their troubles.

use chrono::Utc;
use maud::{Markup, html};
use process_manager_host::operator::{End, Instance, InstanceFilter, OperatorError};
use service_kit::{Params, cursor};
use voiding_client::Token;

use crate::{
    fingerprint::fingerprint,
    managers::Manager,
    page::LivePage,
    parts::{self, unavailable},
    pick::{Pick, Today},
    session::Visitor,
    sources::Sources,
    view::{ProcessView, instance::view},
};

use super::{
    instances_parts::table,
    listing::{PAGE, SEARCHED},
    overview::{Overview, tiles},
};

/// The page. Its address contains its filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstancesPage {
    manager: &'static Manager,
    pick: Pick,
    today: Today,
    text: String,
    cursor: Option<String>,
}

/// The content of the page.
pub(super) struct Model {
    /// `None` while Temporal is unavailable.
    overview: Option<Overview>,
    listing: Listing,
}

#[derive(Default)]
struct Listing {
    rows: Vec<ProcessView>,
    next: Option<String>,
    trouble: Option<Trouble>,
    /// Whether the rows contain the text without beginning with it.
    is_searched: bool,
    /// Whether there was never an instance.
    is_first_visit: bool,
}

/// The reason why the list is not the requested one.
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
            pick: Pick::read(
                text("show"),
                None,
                text("incident") == Some("true"),
                &Pick::of_instances(manager.outcomes),
            ),
            today: Today::read(text("ended")),
            text: text("text").unwrap_or_default().to_owned(),
            cursor: text("cursor").map(str::to_owned),
        }
    }

    fn filter(&self) -> InstanceFilter {
        let mut filter = InstanceFilter {
            is_running: self.pick.is_open(),
            closed_since: self.today.since(),
            id_prefix: self.text.clone(),
            ..InstanceFilter::default()
        };
        match &self.pick {
            Pick::Trouble(trouble) => filter.trouble = Some(*trouble),
            Pick::Incident => filter.has_incident = Some(true),
            Pick::Outcome(name) => filter.outcome = Some((*name).to_owned()),
            Pick::GivenUp => filter.end = Some(End::GivenUp),
            _ => {}
        }
        filter
    }

    fn has_filters(&self) -> bool {
        self.pick != Pick::Open || self.today.0 || !self.text.is_empty()
    }

    /// Returns the address of the same list from this cursor on.
    fn href(&self, cursor: Option<&str>) -> String {
        parts::address(
            self.manager.path,
            &[
                ("show", self.pick.in_address()),
                ("ended", self.today.in_address()),
                ("text", Some(&self.text)),
                ("cursor", cursor),
            ],
        )
    }

    fn views(&self, instances: Vec<Instance>) -> Vec<ProcessView> {
        instances.into_iter().map(|instance| view(self.manager, instance)).collect()
    }

    async fn list(&self, sources: &Sources) -> Listing {
        let listing = self.page(sources).await;
        if !listing.rows.is_empty() || listing.trouble.is_some() || self.cursor.is_some() {
            return listing;
        }
        let instances = sources.operator.instances_of(self.manager.name);
        if self.text.is_empty() {
            let was_none = async || instances.count(&InstanceFilter::default()).await.is_ok_and(|count| count == 0);
            return Listing { is_first_visit: !self.has_filters() && was_none().await, ..listing };
        }
        let filter = InstanceFilter { id_prefix: String::new(), ..self.filter() };
        let newest = self.views(instances.newest(&filter, SEARCHED).await.unwrap_or_default());
        let rows: Vec<_> = newest.into_iter().filter(|row| row.contains(&self.text)).take(PAGE).collect();
        Listing { is_searched: !rows.is_empty(), rows, ..listing }
    }

    async fn page(&self, sources: &Sources) -> Listing {
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
                Listing { rows: self.views(page.items), next, ..Listing::default() }
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

    /// Loads only the numbers: a change of the list changes one of them.
    async fn load(&self, sources: &Sources) -> Model {
        let manager = self.manager.name;
        let overview = Overview::ask(self.manager, sources).await;
        let overview = overview.inspect_err(|error| tracing::debug!(manager, %error, "instances cannot be counted"));
        let overview = overview.ok();
        if overview.is_some() {
            sources.numbers.remember(manager, &tiles(self.manager, overview.as_ref()));
        }
        Model { overview, listing: Listing::default() }
    }

    async fn complete(&self, sources: &Sources, model: Model) -> Model {
        // If Temporal has just failed to answer, it is not asked a second time.
        let listing = match model.overview {
            Some(_) => self.list(sources).await,
            None => Listing { trouble: Some(Trouble::Temporal), ..Listing::default() },
        };
        Model { listing, ..model }
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(&model.overview)
    }

    fn is_out_of_step(model: &Model) -> bool {
        model.overview.is_some() && model.listing.trouble == Some(Trouble::Temporal)
    }

    fn title(&self) -> String {
        self.manager.title.to_owned()
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        let label = format!("Filter the {}", self.manager.title.to_lowercase());
        let fields = html! {
            (self.pick.select(&Pick::of_instances(self.manager.outcomes)))
            label { span { "Search" }
                input type="search" name="text" value=(self.text) autocomplete="off" maxlength="256"
                    placeholder="process, workflow";
            }
            (self.today.field())
        };
        html! { h1 { (self.manager.title) } (parts::filters(self.manager.path, &label, &fields)) }
    }

    fn body(&self, sources: &Sources, _visitor: &Visitor, model: &Model) -> Markup {
        let listing = &model.listing;
        let first = self.href(None);
        let mut tiles = tiles(self.manager, model.overview.as_ref());
        let last_known = sources.numbers.fill(self.manager.name, &mut tiles);
        html! {
            @if listing.trouble == Some(Trouble::Temporal) {
                (unavailable("Temporal", "Nothing is lost: this page continues as soon as it is back."))
            }
            (parts::tiles(&tiles, &first, last_known))
            @if listing.is_searched {
                p class="faint" { "No id begins with “" (self.text) "”. These contain it, among the newest " (SEARCHED) "." }
            }
            @if listing.rows.is_empty() { (self.nothing(model)) }
            @else { (table(self.manager, &listing.rows, Utc::now())) }
            (parts::pager(
                self.cursor.is_some().then_some(first.as_str()),
                listing.next.as_ref().map(|next| self.href(Some(next))).as_deref(),
            ))
        }
    }
}

impl InstancesPage {
    fn nothing(&self, model: &Model) -> Markup {
        let (manager, listing) = (self.manager, &model.listing);
        html! {
            div class="empty" {
                @if listing.trouble == Some(Trouble::Cursor) {
                    (parts::no_such_page(&self.href(None)))
                } @else if listing.trouble.is_some() {
                    p { strong { (manager.title) " are shown as soon as Temporal answers again." } }
                } @else if self.cursor.is_some() {
                    p { strong { "No more processes." } }
                } @else if self.has_filters() {
                    p { strong { "Nothing matches these filters." } }
                    p { a class="button" href=(manager.path) { "Show open" } }
                } @else if listing.is_first_visit {
                    p { strong { (manager.none) } " " (manager.begins) }
                } @else {
                    @match model.overview.as_ref().map(|overview| overview.running) {
                        Some(0) => {
                            p { strong { "Nothing is under way." } " " (manager.begins) }
                            p { a class="button quiet" href={ (manager.path) "?show=ended" } { "Show ended" } }
                        }
                        Some(count) => {
                            p { strong { (count) " open: the list is not up to date yet." } " It follows in a moment." }
                        }
                        None => p { strong { "Whether anything is open is not known." } },
                    }
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
        let address = "/transfers?show=returned&ended=today&text=t-1&cursor=x";
        let read = page(address.trim_start_matches("/transfers?"));
        assert_eq!(read.href(read.cursor.as_deref()), address);
    }
}
