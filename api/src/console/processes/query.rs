//! Which processes the page shows: kept in its address, so that it can be sent to somebody else.

use messages::{CustomerId, voiding::VoidingState};
use service_kit::Params;
use url::form_urlencoded::Serializer;
use workflows::voiding::{CUSTOMER_ID, PROCESS_ID};

use crate::filter::Filter;

/// Processes that go on, that have ended, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Show {
    Open,
    Ended,
    All,
}

impl Show {
    pub(in crate::console) const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Open, "open", "Open"), (Self::Ended, "ended", "Ended"), (Self::All, "all", "All")];

    /// As it stands in an address; anything else is the open ones.
    pub(in crate::console) fn read(text: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|(_, name, _)| text == Some(name)).map_or(Self::Open, |(show, ..)| show)
    }

    pub(in crate::console) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ended => "ended",
            Self::All => "all",
        }
    }

    fn is_open(self) -> Option<bool> {
        match self {
            Self::Open => Some(true),
            Self::Ended => Some(false),
            Self::All => None,
        }
    }
}

/// The filters as they stand in the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) show: Show,
    pub(super) state: Option<VoidingState>,
    pub(super) customer: String,
    pub(super) incident: bool,
    pub(super) text: String,
    pub(super) cursor: Option<String>,
}

impl Query {
    /// Reads an address. What it cannot be read counts as not given.
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

    /// The query of Temporal's visibility store; `None` where nothing can match, because no id looks like that.
    pub(super) fn visibility(&self) -> Option<String> {
        let customer: Option<CustomerId> =
            if self.customer.is_empty() { None } else { Some(self.customer.parse().ok()?) };
        let incident = self.incident.then_some(true);
        let filter = Filter { state: self.state, customer_id: customer, incident, open: self.show.is_open() };
        if self.text.is_empty() {
            return Some(filter.query());
        }
        // The rule for ids leaves nothing that a query could be broken with.
        let text: messages::DocumentId = self.text.parse().ok()?;
        let (workflow, customer, process) =
            (workflows::voiding::workflow_id(&text), CUSTOMER_ID.name(), PROCESS_ID.name());
        let begins = format!(
            "(WorkflowId STARTS_WITH '{workflow}' OR {customer} STARTS_WITH '{text}' OR {process} STARTS_WITH '{text}')"
        );
        Some(format!("{} AND {begins}", filter.query()))
    }

    pub(super) fn has_filters(&self) -> bool {
        self.state.is_some() || self.incident || !self.customer.is_empty() || !self.text.is_empty()
    }

    /// The address of the same list from this cursor on.
    pub(super) fn href(&self, cursor: Option<&str>) -> String {
        let mut pairs = Serializer::new(String::new());
        if self.show != Show::Open {
            pairs.append_pair("show", self.show.name());
        }
        if let Some(state) = self.state {
            pairs.append_pair("state", state.as_str());
        }
        if self.incident {
            pairs.append_pair("incident", "true");
        }
        for (name, value) in [("customer_id", &self.customer), ("text", &self.text)] {
            if !value.is_empty() {
                pairs.append_pair(name, value);
            }
        }
        if let Some(cursor) = cursor {
            pairs.append_pair("cursor", cursor);
        }
        let pairs = pairs.finish();
        if pairs.is_empty() { "/".to_owned() } else { format!("/?{pairs}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::read(&Params::parse(text))
    }

    #[test]
    fn an_address_without_filters_shows_what_is_open() {
        assert_eq!(query("").href(None), "/");
        assert_eq!(query("state=&customer_id=&text=+").visibility(), query("").visibility());
        assert_eq!(query("").visibility().unwrap(), "WorkflowType = 'DocumentVoiding' AND ExecutionStatus = 'Running'");
    }

    #[test]
    fn filters_survive_their_way_through_an_address() {
        let address = "/?show=ended&state=document-voided&incident=true&customer_id=c-1&text=INV&cursor=x";
        let read = query(address.trim_start_matches("/?"));
        assert_eq!(read.href(read.cursor.as_deref()), address);
    }

    #[test]
    fn what_is_no_id_can_match_nothing() {
        for address in ["text=<script>", "text='", "customer_id=a b"] {
            assert_eq!(query(address).visibility(), None, "{address}");
        }
        assert!(query("text=a%25b").visibility().is_none());
    }
}
