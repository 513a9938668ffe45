//! Reads the payloads that people send: nothing they type fails a workflow task, or acknowledges by mistake.

use serde_json::{Map, Value};
use temporalio_common::data_converters::RawValue;

use super::HandledUpTo;
use crate::instance::Acknowledge;

/// Most characters of `acknowledged_by`.
const LONGEST_NAME: usize = 200;
/// Most characters of `note`.
const LONGEST_NOTE: usize = 2_000;

/// An acknowledgement: no input, `null`, or an object whose known fields are texts within their limits.
pub(super) fn acknowledgement(raw: &RawValue) -> Result<Acknowledge, &'static str> {
    let object = read(raw)?;
    let signal = Acknowledge {
        acknowledged_by: text(&object, "acknowledged_by")?,
        note: text(&object, "note")?,
        failure_id: text(&object, "failure_id")?,
    };
    let is_within = |text: &Option<String>, most| text.as_ref().is_none_or(|text| text.chars().count() <= most);
    if is_within(&signal.acknowledged_by, LONGEST_NAME) && is_within(&signal.note, LONGEST_NOTE) {
        Ok(signal)
    } else {
        Err("acknowledged_by or note is too long")
    }
}

/// The failure that a retry means, where it means a certain one; whatever else it carries is ignored.
///
/// A `failure_id` that is not a text names no failure that could be there, so it is kept as one that never matches.
pub(super) fn retry(raw: &RawValue) -> Option<String> {
    let given = read(raw).ok()?.remove("failure_id").filter(|id| !id.is_null())?;
    Some(given.as_str().map_or_else(|| given.to_string(), str::to_owned))
}

/// The place that an update waits for.
pub(super) fn handled(raw: &RawValue) -> Result<HandledUpTo, String> {
    serde_json::from_value(Value::Object(read(raw)?)).map_err(|error| error.to_string())
}

/// Reads JSON, whatever the sender has declared it to be.
fn read(raw: &RawValue) -> Result<Map<String, Value>, &'static str> {
    let payload = match raw.payloads.as_slice() {
        [] => return Ok(Map::new()),
        [payload] => payload,
        _ => return Err("several payloads"),
    };
    if payload.metadata.get("encoding").is_some_and(|encoding| encoding == b"binary/null") {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&payload.data) {
        Ok(Value::Null) => Ok(Map::new()),
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("not a JSON object"),
        Err(_) => Err("not JSON"),
    }
}

/// A text field; `null` stands for an absent one.
fn text(object: &Map<String, Value>, field: &str) -> Result<Option<String>, &'static str> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err("a known field is not a text"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use temporalio_common::protos::temporal::api::common::v1::Payload;

    use super::*;

    fn raw(data: &[u8]) -> RawValue {
        RawValue::new(vec![Payload { data: data.to_vec(), ..Payload::default() }])
    }

    fn json(value: &Value) -> RawValue {
        raw(value.to_string().as_bytes())
    }

    #[test]
    fn only_what_is_meant_as_an_acknowledgement_is_one() {
        let read = |value: Value| acknowledgement(&json(&value));
        assert_eq!(acknowledgement(&RawValue::new(vec![])), Ok(Acknowledge::default()));
        assert_eq!(read(json!(null)), Ok(Acknowledge::default()));
        assert_eq!(read(json!({"unknown": [1], "note": null})), Ok(Acknowledge::default()));
        assert_eq!(read(json!({"note": "seen"})).unwrap().note.as_deref(), Some("seen"));
        for wrong in [json!("alex"), json!([1]), json!({"note": 7}), json!({"note": "x".repeat(2_001)})] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        for wrong in [&b""[..], b"{", b"\xff"] {
            assert!(acknowledgement(&raw(wrong)).is_err());
        }
    }

    #[test]
    fn a_retry_reads_only_its_failure_id() {
        let read = |value: Value| retry(&json(&value));
        for any in [json!(null), json!({}), json!("x"), json!([{"failure_id": "1"}]), json!({"failure_id": null})] {
            assert_eq!(read(any), None);
        }
        assert_eq!(read(json!({"failure_id": "t/1", "note": 7})).as_deref(), Some("t/1"));
        assert_eq!(read(json!({"failure_id": 1})).as_deref(), Some("1"));
    }
}
