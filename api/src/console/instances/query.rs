//! Which instances the page shows: kept in its address.

use service_kit::Params;
use url::form_urlencoded::Serializer;

use crate::{
    console::{managers::Manager, processes::Show},
    temporal::instance_workflow_id,
};

/// The filters as they stand in the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) show: Show,
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
            incident: text("incident") == Some("true"),
            text: text("text").unwrap_or_default().to_owned(),
            cursor: text("cursor").map(str::to_owned),
        }
    }

    /// The query of Temporal's visibility store; `None` for a text that could end its own quotes.
    pub(super) fn visibility(&self, manager: &Manager) -> Option<String> {
        let mut conditions = vec![match self.show {
            Show::Open => running(manager),
            Show::Ended => ended(manager),
            Show::All => of(manager),
        }];
        if self.incident {
            conditions.push("Incident = true".to_owned());
        }
        if !self.text.is_empty() {
            let can_be_quoted = |c: char| !c.is_control() && !matches!(c, '\'' | '"' | '`' | '\\');
            if !self.text.chars().all(can_be_quoted) {
                return None;
            }
            let begins = instance_workflow_id(manager.name, &self.text);
            conditions.push(format!("WorkflowId STARTS_WITH '{begins}'"));
        }
        Some(conditions.join(" AND "))
    }

    pub(super) fn has_filters(&self) -> bool {
        self.incident || !self.text.is_empty()
    }

    /// The address of the same list from this cursor on.
    pub(super) fn href(&self, manager: &Manager, cursor: Option<&str>) -> String {
        let mut pairs = Serializer::new(String::new());
        if self.show != Show::Open {
            pairs.append_pair("show", self.show.name());
        }
        if self.incident {
            pairs.append_pair("incident", "true");
        }
        if !self.text.is_empty() {
            pairs.append_pair("text", &self.text);
        }
        if let Some(cursor) = cursor {
            pairs.append_pair("cursor", cursor);
        }
        let pairs = pairs.finish();
        if pairs.is_empty() { manager.path.to_owned() } else { format!("{}?{pairs}", manager.path) }
    }
}

/// All instances; of those with many events the latest run each.
fn of(manager: &Manager) -> String {
    format!("WorkflowType = '{}' AND ExecutionStatus != 'ContinuedAsNew'", manager.name)
}

pub(super) fn running(manager: &Manager) -> String {
    format!("WorkflowType = '{}' AND ExecutionStatus = 'Running'", manager.name)
}

pub(super) fn ended(manager: &Manager) -> String {
    format!("{} AND ExecutionStatus != 'Running'", of(manager))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::managers::MANAGERS;

    fn query(text: &str) -> Query {
        Query::read(&Params::parse(text))
    }

    #[test]
    fn filters_survive_their_way_through_an_address() {
        let manager = MANAGERS[0];
        assert_eq!(query("show=nonsense&incident=7&text=+").href(manager, None), "/transfers");
        let address = "/transfers?show=ended&incident=true&text=t-1&cursor=x";
        let read = query(address.trim_start_matches("/transfers?"));
        assert_eq!(read.href(manager, read.cursor.as_deref()), address);
    }

    #[test]
    fn every_filter_becomes_a_condition_and_no_text_leaves_its_quotes() {
        let manager = MANAGERS[0];
        assert_eq!(
            query("incident=true&text=a/b").visibility(manager).unwrap(),
            "WorkflowType = 'TransferMoney' AND ExecutionStatus = 'Running' AND Incident = true \
             AND WorkflowId STARTS_WITH 'TransferMoney-a/b'"
        );
        for text in ["text='", "text=%22", "text=a%5C", "text=a%00"] {
            assert_eq!(query(text).visibility(manager), None, "{text}");
        }
    }
}
