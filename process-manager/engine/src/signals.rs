//! Reads the payloads that operators send: nothing they type fails a workflow task, or acknowledges by mistake (V9).

use serde_json::{Map, Value};
use temporalio_common::data_converters::RawValue;

use process_manager::instance::Acknowledge;

/// Reads an acknowledgement: no input, `null`, or an object whose known fields are texts within their limits.
///
/// # Errors
/// The reason why the payload does not acknowledge.
pub fn acknowledgement(raw: &RawValue) -> Result<Acknowledge, &'static str> {
    let object = object(raw)?;
    let signal = Acknowledge {
        acknowledged_by: text(&object, "acknowledged_by")?,
        note: text(&object, "note")?,
        failure_id: text(&object, "failure_id")?,
    };
    if signal.is_within_limits() { Ok(signal) } else { Err("acknowledged_by or note is too long") }
}

/// Returns the failure that a retry means, if it names one; anything else in it is ignored.
///
/// A `failure_id` that is not a text cannot name an existing failure, so it is kept as one that never matches.
#[must_use]
pub fn retry(raw: &RawValue) -> Option<String> {
    let given = object(raw).ok()?.remove("failure_id").filter(|id| !id.is_null())?;
    Some(given.as_str().map_or_else(|| given.to_string(), str::to_owned))
}

/// Reads an instruction: an object with a `type`, and its `data`.
///
/// # Errors
/// The reason why the payload is not an instruction.
pub fn instruction(raw: &RawValue) -> Result<(String, Value), &'static str> {
    let mut object = object(raw)?;
    let kind = text(&object, "type")?.ok_or("it has no type")?;
    Ok((kind, object.remove("data").unwrap_or_default()))
}

/// Reads an object; no payload and `null` count as an empty object.
///
/// # Errors
/// The reason why the payload is not an object.
pub fn object(raw: &RawValue) -> Result<Map<String, Value>, &'static str> {
    Ok(optional_object(raw)?.unwrap_or_default())
}

/// Reads an object as JSON, whatever encoding the sender declared; `None` means no payload, or `null`.
///
/// # Errors
/// The reason why the payload is not an object.
pub fn optional_object(raw: &RawValue) -> Result<Option<Map<String, Value>>, &'static str> {
    let payload = match raw.payloads.as_slice() {
        [] => return Ok(None),
        [payload] => payload,
        _ => return Err("several payloads"),
    };
    if payload.metadata.get("encoding").is_some_and(|encoding| encoding == b"binary/null") {
        return Ok(None);
    }
    match serde_json::from_slice(&payload.data) {
        Ok(Value::Null) => Ok(None),
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err("not a JSON object"),
        Err(_) => Err("not JSON"),
    }
}

/// Returns a text field; `null` counts as absent.
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
        for wrong in [
            json!("alex"),
            json!([1]),
            json!({"note": 7}),
            json!({"note": "x".repeat(2_001)}),
            json!({"failure_id": []}),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(read(json!({"note": "n".repeat(2_000)})).is_ok());
        assert!(read(json!({"acknowledged_by": "é".repeat(200)})).is_ok());
        assert!(read(json!({"acknowledged_by": "é".repeat(201)})).is_err());
        for wrong in [&b""[..], b"{", b"\xff"] {
            assert!(acknowledgement(&raw(wrong)).is_err());
        }
    }

    #[test]
    fn payloads_of_every_shape_are_read_without_an_error() {
        let payload = |encoding: &str, data: &[u8]| {
            let metadata = [("encoding".to_owned(), encoding.as_bytes().to_vec())].into();
            Payload { metadata, data: data.to_vec(), ..Payload::default() }
        };
        let read = |payloads: Vec<Payload>| optional_object(&RawValue::new(payloads));
        assert_eq!(read(vec![]), Ok(None));
        assert_eq!(read(vec![payload("binary/null", b"")]), Ok(None));
        assert_eq!(read(vec![payload("json/plain", b"null")]), Ok(None));
        assert_eq!(read(vec![payload("json/plain", b"{}")]), Ok(Some(Map::new())));
        for data in [&b"[1]"[..], b"1", b"\"x\"", b"true"] {
            assert_eq!(read(vec![payload("json/plain", data)]), Err("not a JSON object"));
        }
        for data in [&b"{"[..], b"", b"\xff\xfe"] {
            assert_eq!(read(vec![payload("binary/plain", data)]), Err("not JSON"));
        }
        let twice = vec![payload("json/plain", b"{}"), payload("json/plain", b"{}")];
        assert_eq!(read(twice), Err("several payloads"));
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
