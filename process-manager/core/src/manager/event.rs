//! Events as a process manager sees them: typed data and metadata.

use chrono::{DateTime, Utc};
use process_manager_wire::{CloudEvent, Position};
use serde::{
    Deserialize, Serialize,
    de::{self, DeserializeOwned, value::MapDeserializer},
};
use serde_json::json;

/// Metadata of an event: everything but its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Its id, unique in its source; the same on every delivery.
    pub id: String,
    /// Its name.
    pub kind: String,
    /// The service that recorded it, such as `/billing`.
    pub source: String,
    /// What it is about, such as an order's id.
    pub subject: String,
    /// When it was recorded.
    pub time: DateTime<Utc>,
    /// Its position in its log.
    pub position: Position,
    /// The log's id.
    pub log: String,
    /// The process that it belongs to.
    pub correlation_id: String,
    /// The message that directly led to it.
    pub causation_id: String,
}

impl From<&CloudEvent> for Metadata {
    fn from(event: &CloudEvent) -> Self {
        Self {
            id: event.id.clone(),
            kind: event.kind.clone(),
            source: event.source.clone(),
            subject: event.subject.clone(),
            time: event.time,
            position: event.sequence,
            log: event.logid.clone(),
            correlation_id: event.correlationid.clone(),
            causation_id: event.causationid.clone(),
        }
    }
}

/// Result of decoding an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decoded<E> {
    /// An event of the type.
    Event(E),
    /// The enum has no such `type`: the event is ignored.
    Unknown,
    /// The `type` is known, but the data does not fit it.
    Malformed(String),
}

/// Maximum length of the reason why an event cannot be read, in characters.
const LONGEST_REASON: usize = 500;

/// Reads an event as a value of an enum that is tagged with `type` and `data`.
pub(crate) fn decode<E: DeserializeOwned>(event: &CloudEvent) -> Decoded<E> {
    let read = serde_json::from_value(json!({"type": event.kind, "data": event.data}));
    // A variant without data is written with the data `{}`.
    let is_empty = event.data.as_object().is_some_and(serde_json::Map::is_empty);
    let read = read.or_else(|error| match is_empty {
        true => serde_json::from_value(json!({"type": event.kind})).map_err(|_| error),
        false => Err(error),
    });
    match read {
        Ok(event) => Decoded::Event(event),
        Err(_) if !is_known::<E>(&event.kind) => Decoded::Unknown,
        // The text contains the value that does not fit, which may have any length.
        Err(error) => Decoded::Malformed(error.to_string().chars().take(LONGEST_REASON).collect()),
    }
}

/// Returns whether the enum has a variant of this name: serde's error for the name alone shows it.
pub(crate) fn is_known<E: DeserializeOwned>(kind: &str) -> bool {
    !matches!(E::deserialize(MapDeserializer::new([("type", kind)].into_iter())), Err(Probe::UnknownVariant))
}

#[derive(Debug, thiserror::Error)]
enum Probe {
    #[error("unknown variant")]
    UnknownVariant,
    #[error("{0}")]
    Other(String),
}

impl de::Error for Probe {
    fn custom<T: std::fmt::Display>(what: T) -> Self {
        Self::Other(what.to_string())
    }

    fn unknown_variant(_variant: &str, _expected: &'static [&'static str]) -> Self {
        Self::UnknownVariant
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum Thing {
        Happened { number: u8 },
        Ended,
    }

    fn event(kind: &str, data: Value) -> CloudEvent {
        crate::manager::sample::event(1, kind, data)
    }

    #[test]
    fn unknown_events_are_told_from_malformed_ones() {
        let read = |kind, data| decode::<Thing>(&event(kind, data));
        assert_eq!(read("Happened", json!({"number": 1, "more": true})), Decoded::Event(Thing::Happened { number: 1 }));
        assert_eq!(read("Ended", Value::Null), Decoded::Event(Thing::Ended));
        assert_eq!(read("Ended", json!({})), Decoded::Event(Thing::Ended), "as it is written by this library");
        assert!(matches!(read("Happened", json!({})), Decoded::Malformed(_)));
        assert_eq!(read("SomethingElse", json!({"number": 1})), Decoded::Unknown);
        assert!(matches!(read("Happened", json!({"number": "x"})), Decoded::Malformed(_)));
        assert!(matches!(read("Happened", json!(7)), Decoded::Malformed(_)));
        let long = read("Happened", json!({"number": "x".repeat(3_000_000)}));
        assert!(matches!(&long, Decoded::Malformed(why) if why.len() <= LONGEST_REASON), "it must fit into a payload");
    }
}
