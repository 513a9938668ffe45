//! The process managers whose instances the console shows, each by its name and in its own words.

use messages::accounts::MoneyTransferRequested;
use process_manager::manager::ProcessManager;
use serde_json::Value;
use transfers::TransferMoney;
use url::form_urlencoded;

/// A process manager, as the pages of its instances speak of it.
#[derive(Debug)]
pub(super) struct Manager {
    /// Its name: the type of its workflows, and the beginning of their ids.
    pub(super) name: &'static str,
    /// The page of its instances.
    pub(super) path: &'static str,
    /// What the page is called.
    pub(super) title: &'static str,
    /// One instance.
    pub(super) one: &'static str,
    /// How an instance comes to be.
    pub(super) begins: &'static str,
    /// What it means to give one up.
    pub(super) giving_up: &'static str,
    /// What its state, or the event that began it, tells a person.
    pub(super) facts: fn(&Value) -> Vec<(&'static str, String)>,
}

static TRANSFERS: Manager = Manager {
    name: TransferMoney::NAME,
    path: "/transfers",
    title: "Transfers",
    one: "Transfer",
    begins: "A transfer appears here as soon as somebody requests one of Accounts.",
    giving_up: "the transfer ends here. Nothing is undone: money that was withdrawn and not deposited stays in flight, so \
                settle it first.",
    facts: transfer,
};

/// All of them.
pub(super) static MANAGERS: [&Manager; 1] = [&TRANSFERS];

/// The process manager of this name.
pub(super) fn named(name: &str) -> Option<&'static Manager> {
    MANAGERS.into_iter().find(|manager| manager.name == name)
}

impl Manager {
    /// The page of one instance.
    pub(super) fn page_of(&self, id: &str) -> String {
        format!("{}/{}", self.path, encoded(id))
    }
}

/// An id as a part of an address: the library lets it be anything.
pub(super) fn encoded(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

fn transfer(value: &Value) -> Vec<(&'static str, String)> {
    let Ok(it) = serde_json::from_value::<MoneyTransferRequested>(value.clone()) else { return Vec::new() };
    let amount = format!("{} {}", it.amount, it.amount.currency.code());
    vec![("Amount", amount), ("From", it.from.to_string()), ("To", it.to.to_string())]
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
        let facts = [("Amount", "1.50 EUR"), ("From", "a"), ("To", "b")].map(|(name, fact)| (name, fact.to_owned()));
        assert_eq!(transfer(&state), facts);
        assert_eq!(transfer(&Value::Null), []);
    }
}
