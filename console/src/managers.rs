//! The process managers whose instances the console shows, each by its name and in its own words.

use std::hash::{Hash, Hasher};

use messages::accounts::MoneyTransferRequested;
use process_manager::manager::ProcessManager;
use serde_json::Value;
use transfers::TransferMoney;
use url::form_urlencoded;

use crate::fact::Fact;

/// A process manager, in the words of the pages of its instances.
#[derive(Debug)]
pub(crate) struct Manager {
    /// Its name: the type of its workflows, and the beginning of their ids.
    pub(crate) name: &'static str,
    /// The page of its instances.
    pub(crate) path: &'static str,
    /// The title of that page.
    pub(crate) title: &'static str,
    /// One instance.
    pub(crate) one: &'static str,
    /// How an instance begins.
    pub(crate) begins: &'static str,
    /// Its title in an empty list.
    pub(crate) none: &'static str,
    /// The names of its outcomes.
    pub(crate) outcomes: &'static [&'static str],
    /// The effect of giving one up.
    pub(crate) giving_up: &'static str,
    /// Reads facts from its state, or from the event that began it.
    read_facts: fn(&Value) -> Vec<Fact>,
}

static TRANSFERS: Manager = Manager {
    name: TransferMoney::NAME,
    path: "/transfers",
    title: "Transfers",
    one: "Transfer",
    begins: "A transfer appears here as soon as one is requested of Accounts.",
    none: "No transfers yet.",
    outcomes: &["completed", "returned", "failed"],
    giving_up: "the transfer ends here. Nothing is undone: money that was withdrawn and not deposited stays in flight, so \
                settle it first.",
    read_facts: transfer,
};

/// All process managers.
pub(crate) static MANAGERS: [&Manager; 1] = [&TRANSFERS];

impl Manager {
    /// Returns the process manager of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        MANAGERS.into_iter().find(|manager| manager.name == name)
    }

    /// Returns the address of the page of one instance.
    pub(crate) fn page_of(&self, id: &str) -> String {
        format!("{}/{}", self.path, encoded(id))
    }

    /// Returns the id of an instance's workflow.
    pub(crate) fn workflow_id(&self, id: &str) -> String {
        format!("{}-{id}", self.name)
    }

    /// Reads facts from its state, or from the event that began it.
    pub(crate) fn facts(&self, value: &Value) -> Vec<Fact> {
        (self.read_facts)(value)
    }
}

impl PartialEq for Manager {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Manager {}

impl Hash for Manager {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.name.hash(hasher);
    }
}

/// Encodes an id as a part of an address: the library lets it be anything.
pub(crate) fn encoded(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

fn transfer(value: &Value) -> Vec<Fact> {
    let Ok(requested) = serde_json::from_value::<MoneyTransferRequested>(value.clone()) else { return Vec::new() };
    let amount = format!("{} {}", requested.amount, requested.amount.currency.code());
    vec![
        Fact::new("Amount", amount),
        Fact::new("From", requested.from.to_string()),
        Fact::new("To", requested.to.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_makes_an_address() {
        for (id, path) in [
            ("t-1", "/transfers/t-1"),
            ("a b/c?d#e", "/transfers/a%20b%2Fc%3Fd%23e"),
            ("+%é\"<", "/transfers/%2B%25%C3%A9%22%3C"),
        ] {
            assert_eq!(TRANSFERS.page_of(id), path);
        }
    }

    #[test]
    fn a_transfer_tells_how_much_from_where_to_where() {
        let state = serde_json::json!({
            "transfer_id": "t-1", "from": "a", "to": "b", "amount": {"amount": "1.50", "currency": "EUR"}
        });
        let facts = [("Amount", "1.50 EUR"), ("From", "a"), ("To", "b")].map(|(name, fact)| Fact::new(name, fact));
        assert_eq!(transfer(&state), facts);
        assert_eq!(transfer(&Value::Null), []);
    }
}
