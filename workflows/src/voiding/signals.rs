//! Reads the payloads of the signals. Whatever does not fit is ignored and logged: it never acknowledges by mistake.

use messages::voiding::{AcknowledgeFailure, Retry};
use serde_json::{Map, Value};
use temporalio_common::data_converters::RawValue;

use crate::payload::{self, Input};

/// Reads an acknowledgement: no input, `null`, or an object whose known fields are strings within their limits.
pub(super) fn acknowledgement(raw: &RawValue) -> Result<AcknowledgeFailure, &'static str> {
    let signal = match payload::read(raw) {
        Input::Absent => AcknowledgeFailure::default(),
        Input::Object(object) => AcknowledgeFailure {
            acknowledged_by: text(&object, "acknowledged_by")?,
            note: text(&object, "note")?,
            failure_id: text(&object, "failure_id")?,
        },
        Input::Unusable(why) => return Err(why),
    };
    if signal.is_within_limits() { Ok(signal) } else { Err("acknowledged_by or note is too long") }
}

/// Reads a retry: whatever it carries beside a `failure_id` is ignored.
///
/// A `failure_id` that is not a text names no failure that could be there, so it is kept as one that never matches.
pub(super) fn retry(raw: &RawValue) -> Retry {
    let given = match payload::read(raw) {
        Input::Object(mut object) => object.remove("failure_id").filter(|id| !id.is_null()),
        Input::Absent | Input::Unusable(_) => None,
    };
    Retry { failure_id: given.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)) }
}

/// A text field; `null` stands for an absent one.
fn text(object: &Map<String, Value>, field: &str) -> Result<Option<String>, &'static str> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err("a known field is not a string"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use temporalio_common::protos::temporal::api::common::v1::Payload;

    fn raw(value: &Value) -> RawValue {
        RawValue::new(vec![Payload { data: value.to_string().into_bytes(), ..Payload::default() }])
    }

    #[test]
    fn only_what_is_meant_as_an_acknowledgement_is_one() {
        let read = |value: Value| acknowledgement(&raw(&value));
        assert_eq!(acknowledgement(&RawValue::new(vec![])), Ok(AcknowledgeFailure::default()));
        assert_eq!(read(json!(null)), Ok(AcknowledgeFailure::default()));
        assert_eq!(read(json!({"unknown": [1], "note": null})), Ok(AcknowledgeFailure::default()));
        assert_eq!(read(json!({"note": "seen"})).unwrap().note.as_deref(), Some("seen"));
        for bad in [json!([1]), json!("x"), json!(1), json!({"note": 1}), json!({"failure_id": []})] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
        assert!(read(json!({"note": "n".repeat(2_000)})).is_ok());
        assert!(read(json!({"note": "n".repeat(2_001)})).is_err());
        assert!(read(json!({"acknowledged_by": "é".repeat(200)})).is_ok());
        assert!(read(json!({"acknowledged_by": "é".repeat(201)})).is_err());
    }

    #[test]
    fn a_retry_reads_only_its_failure_id() {
        let read = |value: Value| retry(&raw(&value)).failure_id;
        assert_eq!(retry(&RawValue::new(vec![])).failure_id, None);
        for ignored in [json!([1]), json!("x"), json!({"note": 1}), json!({"failure_id": null})] {
            assert_eq!(read(ignored.clone()), None, "{ignored}");
        }
        assert_eq!(read(json!({"failure_id": "P/1"})).as_deref(), Some("P/1"));
        assert_eq!(read(json!({"failure_id": 1})).as_deref(), Some("1"));
    }
}
