//! A page of the list of voidings: from Temporal, or from Billing while Temporal is unavailable.

use service_kit::cursor;
use voiding_client::{Filter, PageError, Process, Token};

use crate::{
    sources::Sources,
    view::{self, ProcessView},
};

/// Number of processes on a page.
pub(super) const PAGE: usize = 50;
/// Number of newest processes that are searched for a text with which no id begins.
pub(super) const SEARCHED: usize = 1_000;

#[derive(Default)]
pub(super) struct Listing {
    pub(super) rows: Vec<ProcessView>,
    pub(super) next: Option<String>,
    pub(super) trouble: Option<Trouble>,
    /// Whether the rows contain the text without beginning with it.
    pub(super) is_searched: bool,
    /// Whether no document was ever voided here.
    pub(super) is_first_visit: bool,
}

/// The reason why the list is not the requested one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The address names a page that no longer exists.
    Cursor,
    /// Temporal does not answer; the rows are Billing's.
    Temporal,
    /// Neither answers.
    Everything,
}

/// Reads an id that an operator has typed.
pub(super) fn given<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str, what: &str) -> Result<Option<T>, String> {
    let invalid = |error: T::Err| format!("“{text}” is not a valid {what}: {error}.");
    (!text.is_empty()).then(|| text.parse()).transpose().map_err(invalid)
}

/// Lists a page, from this cursor on.
pub(super) async fn list(filter: &Filter, from: Option<&str>, sources: &Sources) -> Listing {
    let query = filter.query();
    let no_such_page = Listing { trouble: Some(Trouble::Cursor), ..Listing::default() };
    let from = from.map(|text| cursor::decode::<Token>(&query, text));
    if from == Some(None) {
        return no_such_page;
    }
    let page = match filter.open {
        Some(true) => sources.voidings.page_of_running(&query, PAGE, from.flatten()).await,
        _ => sources.voidings.page(&query, PAGE, from.flatten()).await,
    };
    match page {
        Ok(page) => Listing {
            rows: page.runs.into_iter().map(|run| view::voiding::view(run.into())).collect(),
            next: page.next.and_then(|token| cursor::encode(&query, &token).ok()),
            ..Listing::default()
        },
        Err(PageError::Token(_)) => no_such_page,
        Err(PageError::Temporal(_)) => of_billing(sources).await,
    }
}

/// Lists Billing's open processes. Billing knows which are open, but not how far they are.
pub(super) async fn of_billing(sources: &Sources) -> Listing {
    match sources.voidings.billing().open_processes(PAGE).await {
        Ok(documents) => {
            let processes = documents.into_iter().filter_map(Process::of_document);
            let rows = processes.map(view::voiding::view).collect();
            Listing { rows, trouble: Some(Trouble::Temporal), ..Listing::default() }
        }
        Err(_) => Listing { trouble: Some(Trouble::Everything), ..Listing::default() },
    }
}
