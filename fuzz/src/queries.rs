//! Queries of Temporal's visibility store: no text gets out of its quotes.

use chrono::{DateTime, Utc};
use messages::{CustomerId, DocumentId};
use process_manager_host::operator::{End, InstanceFilter, Trouble};
use voiding_client::{Filter, Token};
use workflows::voiding::{document_id, workflow_id};

const MANAGER: &str = "TransferMoney";

/// Takes three lines: the beginning of an id, an outcome and a subject; each also as an id in a voiding's filter.
pub fn queries(data: &[u8]) {
    token(data);
    let Ok(text) = str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let id_prefix = lines.next().unwrap_or_default();
    let (outcome, subject) = (lines.next(), lines.next());
    instances(id_prefix, outcome, subject);
    voidings(id_prefix, outcome);
}

fn instances(id_prefix: &str, outcome: Option<&str>, subject: Option<&str>) {
    let of = |id_prefix: &str, outcome: Option<&str>, subject: Option<&str>| InstanceFilter {
        is_running: outcome.map(|outcome| outcome.len() % 2 == 0),
        has_incident: subject.map(|subject| subject.len() % 2 == 0),
        trouble: subject.map(|_| Trouble::NeedsAttention),
        subject: subject.map(str::to_owned),
        outcome: outcome.map(str::to_owned),
        id_prefix: id_prefix.to_owned(),
        end: outcome.map(|_| End::Done),
        closed_since: subject.map(|_| DateTime::<Utc>::UNIX_EPOCH),
    };
    let filter = of(id_prefix, outcome, subject);
    let Some(query) = filter.query(MANAGER) else {
        let texts = [Some(id_prefix), outcome, subject];
        let odd = |c: char| c.is_control() || matches!(c, '\'' | '"' | '`' | '\\');
        assert!(texts.into_iter().flatten().any(|text| text.contains(odd)), "{filter:?} finds nothing");
        return;
    };
    // Meaningless texts of the same length lead to the same query.
    let plain = |text: &str| "x".repeat(text.len());
    let is_whole = id_prefix.strip_prefix(MANAGER).is_some_and(|rest| rest.starts_with('-'));
    let prefix = if is_whole { format!("{MANAGER}-x") } else { plain(id_prefix) };
    let same = of(&prefix, outcome.map(plain).as_deref(), subject.map(plain).as_deref()).query(MANAGER);
    assert_eq!(skeleton(&query), skeleton(&same.unwrap_or_default()), "{query}");
    for text in [Some(id_prefix), outcome, subject].into_iter().flatten().filter(|text| !text.is_empty()) {
        assert!(query.contains(&format!("{text}'")), "{text} is not looked for by {query}");
    }
}

fn voidings(id: &str, customer: Option<&str>) {
    let Ok(document) = id.parse::<DocumentId>() else { return };
    assert_eq!(document_id(&workflow_id(&document)).as_ref(), Some(&document));
    let customer_id: Option<CustomerId> = customer.and_then(|customer| customer.parse().ok());
    let filter = Filter { customer_id, id_prefix: Some(document.clone()), open: Some(false), ..Filter::default() };
    let plain: DocumentId = match document_id(document.as_str()) {
        Some(_) => "voiding-x".parse().expect("it is an id"),
        None => "x".parse().expect("it is an id"),
    };
    let same = Filter { id_prefix: Some(plain), ..filter.clone() };
    assert_eq!(skeleton(&filter.query()), skeleton(&same.query()));
    assert!(filter.query().contains(&format!("'{document}'")));
}

/// Returns the query with a `?` in the place of each quoted text.
fn skeleton(query: &str) -> String {
    let parts: Vec<_> = query.split('\'').collect();
    assert!(parts.len() % 2 == 1, "a quote is open: {query}");
    assert!(!query.contains(['"', '`', '\\']) && !query.contains(char::is_control), "{query}");
    parts.into_iter().step_by(2).collect::<Vec<_>>().join("?")
}

/// Checks that Temporal's page token goes to the client and comes back unchanged.
fn token(data: &[u8]) {
    let token = Token::from(data.to_vec());
    let text = serde_json::to_string(&token).expect("a token is a text");
    let again: Token = serde_json::from_str(&text).expect("a token is read");
    assert_eq!(again, token);
    assert_eq!(Vec::from(again), data);
    if let Ok(given) = serde_json::from_slice::<Token>(data) {
        let text = serde_json::to_string(&given).expect("a token is a text");
        assert_eq!(serde_json::from_str::<Token>(&text).expect("a token is read"), given);
    }
}
