//! `GET /`: the processes, the number of each kind, and the possible actions.

use chrono::Utc;
use maud::{Markup, html};
use messages::CustomerId;
use service_kit::Params;
use voiding_client::Filter;

use super::{
    listing::{Listing, PAGE, SEARCHED, Trouble, given, list, of_billing},
    processes_parts::{banner, counted, elsewhere, first_visit, numbers, table},
};
use crate::{
    counts::Counts,
    fingerprint::fingerprint,
    page::LivePage,
    parts, paths,
    pick::{Pick, Today},
    session::Visitor,
    sources::Sources,
    view,
};

/// The page. Its address contains its filters, so that it can be sent to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProcessesPage {
    pick: Pick,
    today: Today,
    customer: String,
    text: String,
    cursor: Option<String>,
}

/// The content of the page.
pub(super) struct Model {
    /// `None` while Temporal is unavailable.
    counts: Option<Counts>,
    listing: Listing,
}

impl ProcessesPage {
    /// Reads an address. An invalid parameter counts as absent.
    pub(super) fn read(params: &Params) -> Self {
        let text = |name: &str| params.text(name).ok().flatten().map(str::trim).filter(|text| !text.is_empty());
        let is_incident = text("incident") == Some("true");
        Self {
            pick: Pick::read(text("show"), text("state"), is_incident, &Pick::of_voidings()),
            today: Today::read(text("ended")),
            customer: text("customer_id").unwrap_or_default().to_owned(),
            text: text("text").unwrap_or_default().to_owned(),
            cursor: text("cursor").map(str::to_owned),
        }
    }

    /// Returns the filter, or a sentence that says why nothing can match.
    fn filter(&self) -> Result<Filter, String> {
        let customer_id: Option<CustomerId> = given(&self.customer, "customer")?;
        let id_prefix = given(&self.text, "id")?;
        let mut filter = Filter { customer_id, id_prefix, ..Filter::default() };
        filter.open = self.pick.is_open();
        filter.closed_since = self.today.since();
        match &self.pick {
            Pick::State(state) => filter.state = Some(*state),
            Pick::Trouble(trouble) => filter.trouble = Some(*trouble),
            Pick::Incident => filter.incident = Some(true),
            _ => {}
        }
        Ok(filter)
    }

    fn has_filters(&self) -> bool {
        self.pick != Pick::Open || self.today.0 || !self.customer.is_empty() || !self.text.is_empty()
    }

    /// Returns the address of the same list from this cursor on.
    fn href(&self, cursor: Option<&str>) -> String {
        parts::address(
            paths::PROCESSES,
            &[
                ("show", self.pick.in_address()),
                ("ended", self.today.in_address()),
                ("customer_id", Some(&self.customer)),
                ("text", Some(&self.text)),
                ("cursor", cursor),
            ],
        )
    }

    async fn list(&self, sources: &Sources) -> Listing {
        let Ok(filter) = self.filter() else { return Listing::default() };
        let listing = list(&filter, self.cursor.as_deref(), sources).await;
        if !listing.rows.is_empty() || listing.trouble.is_some() || self.cursor.is_some() {
            return listing;
        }
        if self.text.is_empty() {
            let was_none = async || sources.voidings.count(&Filter::default()).await.is_ok_and(|count| count == 0);
            return Listing { is_first_visit: !self.has_filters() && was_none().await, ..listing };
        }
        let newest = sources.voidings.newest(&Filter { id_prefix: None, ..filter }, SEARCHED).await.unwrap_or_default();
        let rows = newest.into_iter().map(|run| view::voiding::view(run.into()));
        let rows: Vec<_> = rows.filter(|row| row.contains(&self.text)).take(PAGE).collect();
        Listing { is_searched: !rows.is_empty(), rows, ..listing }
    }
}

impl LivePage for ProcessesPage {
    type Model = Model;

    fn topic(&self) -> String {
        "on=processes".to_owned()
    }

    /// Loads only the counts: a change of the list changes one of them.
    async fn load(&self, sources: &Sources) -> Model {
        Model { counts: counted(sources).await, listing: Listing::default() }
    }

    async fn complete(&self, sources: &Sources, model: Model) -> Model {
        // If Temporal has just failed to answer, it is not asked a second time.
        let listing = match model.counts {
            None if self.filter().is_ok() => of_billing(sources).await,
            _ => self.list(sources).await,
        };
        Model { listing, ..model }
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(&model.counts)
    }

    fn is_out_of_step(model: &Model) -> bool {
        model.counts.is_some() && matches!(model.listing.trouble, Some(Trouble::Temporal | Trouble::Everything))
    }

    fn title(&self) -> String {
        "Voidings".to_owned()
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        let fields = html! {
            (self.pick.select(&Pick::of_voidings()))
            label { span { "Customer" } input name="customer_id" value=(self.customer) autocomplete="off" maxlength="128"; }
            label { span { "Search" }
                input type="search" name="text" value=(self.text) autocomplete="off" maxlength="128"
                    placeholder="document, customer, process, workflow";
            }
            (self.today.field())
        };
        html! { h1 { "Voidings" } (parts::filters(paths::PROCESSES, "Filter the voidings", &fields)) }
    }

    fn body(&self, sources: &Sources, visitor: &Visitor, model: &Model) -> Markup {
        let listing = &model.listing;
        let first = self.href(None);
        html! {
            (banner(listing.trouble))
            (numbers(sources, model.counts.as_ref(), &first))
            (elsewhere(model.counts.as_ref()))
            @if listing.is_searched {
                p class="faint" { "No id begins with “" (self.text) "”. These contain it, among the newest " (SEARCHED) "." }
            }
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
        let listing = &model.listing;
        html! {
            div class="empty" {
                @if listing.trouble == Some(Trouble::Cursor) {
                    (parts::no_such_page(&self.href(None)))
                } @else if let Err(why) = self.filter() {
                    p { strong { (why) } }
                    p { a class="button" href=(paths::PROCESSES) { "Show open" } }
                } @else if listing.trouble == Some(Trouble::Temporal) {
                    p { strong { "Billing knows of no open voiding." } " Ended ones are shown once Temporal answers again." }
                } @else if listing.trouble.is_some() {
                    p { strong { "Temporal and Billing do not answer." } " The voidings are shown as soon as one of them does." }
                } @else if self.cursor.is_some() {
                    p { strong { "No more processes." } }
                } @else if self.has_filters() {
                    p { strong { "No process matches these filters." } }
                    p { a class="button" href=(paths::PROCESSES) { "Show open" } }
                } @else if listing.is_first_visit {
                    (first_visit())
                } @else {
                    (nothing_open(model.counts.as_ref()))
                }
            }
        }
    }
}

/// Writes what an empty list says. All is clear only if the counts say so; the list may lag behind them.
fn nothing_open(counts: Option<&Counts>) -> Markup {
    let running = counts.map(|counts| counts.running);
    html! {
        @match running {
            Some(0) => {
                p { strong { "Nothing is under way." } " A process appears here as soon as a voiding is requested." }
                p {
                    a class="button" href=(paths::REPORTS) { "Go to documents" } " "
                    a class="button quiet" href="/?show=ended" { "Show ended" }
                }
            }
            Some(count) => p { strong { (count) " open: the list is not up to date yet." } " It follows in a moment." }
            None => p { strong { "Temporal does not answer." } " Whether anything is open is not known." }
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
        page(text).filter().ok().map(|filter| filter.query())
    }

    #[test]
    fn an_address_without_filters_shows_what_is_open() {
        assert_eq!(page("").href(None), "/");
        assert_eq!(query("state=&customer_id=&text=+"), query(""));
        assert_eq!(query("").unwrap(), "WorkflowType = 'DocumentVoiding' AND ExecutionStatus = 'Running'");
    }

    #[test]
    fn filters_survive_their_way_through_an_address() {
        let address = "/?show=document-voided&ended=today&customer_id=c-1&text=INV&cursor=x";
        let read = page(address.trim_start_matches("/?"));
        assert_eq!(read.href(read.cursor.as_deref()), address);
    }

    #[test]
    fn an_invalid_text_is_named() {
        for address in ["text=<script>", "text='", "customer_id=a b", "text=a%25b"] {
            assert_eq!(query(address), None, "{address}");
        }
        let why = page("customer_id=a b").filter().unwrap_err();
        assert!(why.starts_with("“a b” is not a valid customer: "), "{why}");
    }

    #[test]
    fn all_is_clear_only_where_nothing_is_counted() {
        let said = |running: Option<i64>| {
            nothing_open(running.map(|running| Counts { running, ..Counts::default() }).as_ref()).into_string()
        };
        assert!(said(Some(0)).contains("Nothing is under way"));
        assert!(said(Some(500)).contains("500 open"));
        assert!(said(None).contains("not known"));
    }
}
