//! `GET /`: the processes, how many there are of each sort, and what can be done about them.

use chrono::Utc;
use maud::{Markup, html};
use messages::{CustomerId, voiding::VoidingState};
use service_kit::{Params, cursor};
use voiding_client::{Filter, PageError, Process, Token};

use super::processes_parts::{elsewhere, first_visit, table, tiles};
use crate::{
    counts::Counts,
    page::{LivePage, fingerprint},
    parts::{self, Show, unavailable},
    paths,
    session::Visitor,
    sources::Sources,
    view::{self, ProcessView, Status},
};

/// Processes of a page.
const PAGE: usize = 50;

/// The page; its filters stand in its address, so that it can be sent to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessesPage {
    show: Show,
    state: Option<VoidingState>,
    customer: String,
    incident: bool,
    text: String,
    cursor: Option<String>,
}

/// What the page shows.
pub(super) struct Model {
    /// `None` while Temporal is unavailable.
    counts: Option<Counts>,
    listing: Listing,
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
    /// Temporal does not answer; the rows are Billing's.
    Temporal,
    /// Neither answers.
    Everything,
}

impl ProcessesPage {
    /// Reads an address. An invalid parameter counts as absent.
    pub(super) fn read(params: &Params) -> Self {
        let text = |name: &str| params.text(name).ok().flatten().map(str::trim).filter(|text| !text.is_empty());
        Self {
            show: Show::read(text("show")),
            state: text("state").and_then(|state| state.parse().ok()),
            customer: text("customer_id").unwrap_or_default().to_owned(),
            incident: text("incident") == Some("true"),
            text: text("text").unwrap_or_default().to_owned(),
            cursor: text("cursor").map(str::to_owned),
        }
    }

    /// The filter; `None` where nothing can match, because no id looks like that.
    fn filter(&self) -> Option<Filter> {
        let customer_id: Option<CustomerId> =
            if self.customer.is_empty() { None } else { Some(self.customer.parse().ok()?) };
        Some(Filter {
            state: self.state,
            customer_id,
            incident: self.incident.then_some(true),
            open: self.show.is_open(),
            id_prefix: if self.text.is_empty() { None } else { Some(self.text.parse().ok()?) },
            closed_since: None,
        })
    }

    fn has_filters(&self) -> bool {
        self.state.is_some() || self.incident || !self.customer.is_empty() || !self.text.is_empty()
    }

    /// The address of the same list from this cursor on.
    fn href(&self, cursor: Option<&str>) -> String {
        parts::address(
            paths::PROCESSES,
            &[
                ("show", self.show.in_address()),
                ("state", self.state.map(VoidingState::as_str)),
                ("incident", self.incident.then_some("true")),
                ("customer_id", Some(&self.customer)),
                ("text", Some(&self.text)),
                ("cursor", cursor),
            ],
        )
    }

    async fn list(&self, sources: &Sources) -> Listing {
        let Some(query) = self.filter().map(|filter| filter.query()) else { return Listing::default() };
        let no_such_page = Listing { trouble: Some(Trouble::Cursor), ..Listing::default() };
        let from = self.cursor.as_deref().map(|text| cursor::decode::<Token>(&query, text));
        if from == Some(None) {
            return no_such_page;
        }
        let from = from.flatten();
        let page = match self.show {
            Show::Open => sources.voidings.page_of_running(&query, PAGE, from).await,
            Show::Ended | Show::All => sources.voidings.page(&query, PAGE, from).await,
        };
        match page {
            Ok(page) => Listing {
                rows: page.runs.into_iter().map(|run| view::voiding::view(run.into())).collect(),
                next: page.next.and_then(|token| cursor::encode(&query, &token).ok()),
                trouble: None,
            },
            Err(PageError::Token(_)) => no_such_page,
            Err(PageError::Temporal(_)) => of_billing(sources).await,
        }
    }
}

/// Billing knows which processes are open, though not how far they are.
async fn of_billing(sources: &Sources) -> Listing {
    match sources.voidings.billing().open_processes(PAGE).await {
        Ok(documents) => {
            let processes = documents.into_iter().filter_map(Process::of_document);
            let rows = processes.map(view::voiding::view).collect();
            Listing { rows, next: None, trouble: Some(Trouble::Temporal) }
        }
        Err(_) => Listing { trouble: Some(Trouble::Everything), ..Listing::default() },
    }
}

impl LivePage for ProcessesPage {
    type Model = Model;

    fn topic(&self) -> String {
        "on=processes".to_owned()
    }

    /// The counts alone: a change of the list changes one of them.
    async fn load(&self, sources: &Sources) -> Model {
        Model { counts: sources.counter.counts().await, listing: Listing::default() }
    }

    async fn complete(&self, sources: &Sources, model: Model) -> Model {
        // A Temporal that has just not answered is not asked a second time.
        let listing = match model.counts {
            None if self.filter().is_some() => of_billing(sources).await,
            _ => self.list(sources).await,
        };
        Model { listing, ..model }
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(&model.counts)
    }

    fn title(&self) -> String {
        "Processes".to_owned()
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        let fields = html! {
            (self.show.select())
            label { span { "State" }
                select name="state" {
                    option value="" { "Any" }
                    @for state in VoidingState::ALL {
                        option value=(state) selected[self.state == Some(state)] { (Status::of_voiding(state).word) }
                    }
                }
            }
            label { span { "Customer" } input name="customer_id" value=(self.customer) autocomplete="off" maxlength="128"; }
            label { span { "Id begins with" }
                input type="search" name="text" value=(self.text) autocomplete="off" maxlength="128"
                    placeholder="document, customer, process";
            }
            (parts::incident_filter(self.incident))
        };
        html! { h1 { "Processes" } (parts::filters(paths::PROCESSES, "Filter the processes", &fields)) }
    }

    fn body(&self, _sources: &Sources, visitor: &Visitor, model: &Model) -> Markup {
        let listing = &model.listing;
        let first = self.href(None);
        html! {
            (banner(listing.trouble))
            (parts::tiles(&tiles(model.counts), &first))
            (elsewhere(model.counts))
            @if listing.rows.is_empty() { (self.nothing(model)) }
            @else { (table(visitor, &listing.rows, Utc::now())) }
            (parts::pager(
                self.cursor.is_some().then_some(first.as_str()),
                listing.next.as_ref().map(|next| self.href(Some(next))).as_deref(),
            ))
        }
    }

    fn shows(&self, model: &Model, about: &str) -> bool {
        model.listing.rows.iter().any(|row| row.target.id() == about)
    }
}

impl ProcessesPage {
    fn nothing(&self, model: &Model) -> Markup {
        html! {
            div class="empty" {
                @if model.listing.trouble == Some(Trouble::Cursor) {
                    (parts::no_such_page(&self.href(None)))
                } @else if model.listing.trouble.is_some() {
                    p { "There is nothing to show." }
                } @else if self.has_filters() {
                    p { strong { "No process matches these filters." } }
                    p { a class="button" href=(paths::PROCESSES) { "Show all open ones" } }
                } @else if model.counts.is_some_and(|counts| counts.is_first_visit()) {
                    (first_visit())
                } @else {
                    p { strong { "Nothing is under way, and nothing waits for you." } }
                    p { "A process appears here as soon as a voiding is requested." }
                    p {
                        a class="button" href=(paths::REPORTS) { "To the documents" } " "
                        a class="button quiet" href="/?show=ended" { "Ended processes" }
                    }
                }
            }
        }
    }
}

fn banner(trouble: Option<Trouble>) -> Markup {
    html! {
        @match trouble {
            Some(Trouble::Temporal) => (unavailable(
                "Temporal",
                "Below are the open processes as Billing knows them. Nothing is lost: the processes and this page continue \
                 as soon as Temporal is back.",
            )),
            Some(Trouble::Everything) => (unavailable(
                "Neither Temporal nor Billing",
                "Nothing can be shown now. Nothing is lost; this page recovers automatically.",
            )),
            Some(Trouble::Cursor) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> ProcessesPage {
        ProcessesPage::read(&Params::parse(text))
    }

    fn query(text: &str) -> Option<String> {
        page(text).filter().map(|filter| filter.query())
    }

    #[test]
    fn an_address_without_filters_shows_what_is_open() {
        assert_eq!(page("").href(None), "/");
        assert_eq!(query("state=&customer_id=&text=+"), query(""));
        assert_eq!(query("").unwrap(), "WorkflowType = 'DocumentVoiding' AND ExecutionStatus = 'Running'");
    }

    #[test]
    fn filters_survive_their_way_through_an_address() {
        let address = "/?show=ended&state=document-voided&incident=true&customer_id=c-1&text=INV&cursor=x";
        let read = page(address.trim_start_matches("/?"));
        assert_eq!(read.href(read.cursor.as_deref()), address);
    }

    #[test]
    fn what_is_no_id_can_match_nothing() {
        for address in ["text=<script>", "text='", "customer_id=a b", "text=a%25b"] {
            assert_eq!(query(address), None, "{address}");
        }
    }
}
