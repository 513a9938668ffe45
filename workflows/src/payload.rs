//! Reads payloads that people send: nothing they type may fail a workflow task.

use serde_json::{Map, Value};
use temporalio_common::data_converters::RawValue;

/// What a person's payload holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// No payload, or `null`.
    Absent,
    /// One JSON object.
    Object(Map<String, Value>),
    /// Anything else, and why it cannot be used.
    Unusable(&'static str),
}

/// Reads a payload as JSON, whatever the sender has declared it to be.
pub(crate) fn read(raw: &RawValue) -> Input {
    let payload = match raw.payloads.as_slice() {
        [] => return Input::Absent,
        [payload] => payload,
        _ => return Input::Unusable("several payloads"),
    };
    if payload.metadata.get("encoding").is_some_and(|encoding| encoding == b"binary/null") {
        return Input::Absent;
    }
    match serde_json::from_slice(&payload.data) {
        Ok(Value::Null) => Input::Absent,
        Ok(Value::Object(object)) => Input::Object(object),
        Ok(_) => Input::Unusable("not a JSON object"),
        Err(_) => Input::Unusable("not JSON"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_common::protos::temporal::api::common::v1::Payload;

    fn payload(encoding: &str, data: &[u8]) -> Payload {
        let metadata = [("encoding".to_owned(), encoding.as_bytes().to_vec())].into();
        Payload { metadata, data: data.to_vec(), ..Payload::default() }
    }

    #[test]
    fn payloads_of_every_shape_are_read_without_an_error() {
        let read = |payloads: Vec<Payload>| read(&RawValue::new(payloads));
        assert_eq!(read(vec![]), Input::Absent);
        assert_eq!(read(vec![payload("binary/null", b"")]), Input::Absent);
        assert_eq!(read(vec![payload("json/plain", b"null")]), Input::Absent);
        assert_eq!(read(vec![payload("json/plain", b"{}")]), Input::Object(Map::new()));
        for data in [&b"[1]"[..], b"1", b"\"x\"", b"true"] {
            assert_eq!(read(vec![payload("json/plain", data)]), Input::Unusable("not a JSON object"));
        }
        for data in [&b"{"[..], b"", b"\xff\xfe"] {
            assert_eq!(read(vec![payload("binary/plain", data)]), Input::Unusable("not JSON"));
        }
        let twice = vec![payload("json/plain", b"{}"), payload("json/plain", b"{}")];
        assert_eq!(read(twice), Input::Unusable("several payloads"));
    }
}
