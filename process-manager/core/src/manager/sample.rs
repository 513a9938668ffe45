//! Events for unit tests.

use process_manager_wire::{CloudEvent, Position};
use serde_json::{Value, json};

pub(crate) fn event(position: Position, kind: &str, data: Value) -> CloudEvent {
    serde_json::from_value(json!({
        "specversion": "1.0", "id": format!("e{position}"), "source": "/sample", "type": kind, "subject": "s",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": position.to_string(),
        "correlationid": "c", "causationid": "c", "logid": "log", "data": data
    }))
    .unwrap()
}
