//! JSON that is read, written and read again.

use std::fmt::Debug;

use process_manager_wire::CloudEvent;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Reads it as a `T`. What can be read is written, and read again as the same, from text and from a value.
pub(crate) fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(data).ok()?;
    let text = serde_json::to_string(&read).expect("what was read is written");
    assert_eq!(serde_json::from_str::<T>(&text).expect("what was written is read"), read, "{text}");
    let value = serde_json::to_value(&read).expect("what was read is a value");
    assert_eq!(serde_json::from_value::<T>(value).expect("a value is read"), read, "{text}");
    Some(read)
}

/// Returns an event at this position of a log.
pub(crate) fn event(position: i64, kind: &str, data: &Value) -> CloudEvent {
    let event = json!({
        "specversion": "1.0", "id": format!("e{position}"), "source": "/accounts", "type": kind, "subject": "s",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": position.to_string(),
        "correlationid": "c", "causationid": "c", "logid": "log", "data": data
    });
    serde_json::from_value(event).expect("it is an event")
}

/// Returns how deeply a value is nested.
pub(crate) fn depth(value: &Value) -> usize {
    let below = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    below.unwrap_or_default() + 1
}
