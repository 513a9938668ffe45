//! Query strings, cursors and pages of the services' lists.

use std::fmt::Debug;

use messages::{DocumentId, billing::DocumentStatus};
use serde_json::Value;
use service_kit::{ApiError, DEFAULT_LIMIT, MAX_LIMIT, Params, cursor};
use url::form_urlencoded;

/// Takes the first line as a query string, the second as a cursor, and both as a name and its value.
pub fn lists(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (query, cursor) = text.split_once('\n').unwrap_or((text, text));
    let params = Params::parse(query);
    if let Some(limit) = valid(params.limit()) {
        assert!((1..=usize::try_from(MAX_LIMIT).unwrap_or_default()).contains(&limit));
    }
    valid(params.value::<DocumentId>("customer_id"));
    valid(params.name_of::<DocumentStatus>("status"));
    valid(params.boolean("open"));
    valid(params.integer("after", 0..=i64::MAX, 0)).iter().for_each(|after| assert!(*after >= 0));
    if valid(params.page("documents")).is_some() {
        assert!(!query.contains("cursor=") || valid(params.text("cursor")).is_some());
    }
    given(query, cursor);
    cursors(query, cursor);
}

/// Checks that refusals have the status 400.
fn valid<T: Debug>(read: Result<T, ApiError>) -> Option<T> {
    if let Err(error) = &read {
        assert_eq!((error.status().as_u16(), error.code()), (400, "invalid-parameter"));
    }
    read.ok()
}

/// Checks that an encoded text of a client is read unchanged.
fn given(name: &str, value: &str) {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    let params = Params::parse(&query);
    assert_eq!(params.text(name).ok(), Some(Some(value)));
    assert!(Params::parse(&format!("{query}&{query}")).text(name).is_err(), "one of two values is dropped");
    let other = format!("{name}x");
    assert_eq!(params.text(&other).ok(), Some(None));
    assert!(valid(params.limit()).is_none_or(|limit| name == "limit" || limit as i64 == DEFAULT_LIMIT));
}

/// Checks that only the list that made a cursor reads it.
fn cursors(scope: &str, text: &str) {
    let other = format!("{scope}x");
    let key: Value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
    if let Ok(made) = cursor::encode(scope, &key) {
        assert_eq!(cursor::decode::<Value>(scope, &made).as_ref(), Some(&key));
        assert_eq!(cursor::decode::<Value>(&other, &made), None);
        let mut changed = made.into_bytes();
        if let Some(last) = changed.last_mut() {
            *last = if *last == b'0' { b'1' } else { b'0' };
        }
        let changed = String::from_utf8_lossy(&changed);
        assert_eq!(cursor::decode::<Value>(scope, &changed), None);
    }
    if let Some(key) = cursor::decode::<Value>("documents", text) {
        assert!(cursor::encode("documents", &key).is_ok());
    }
}
