//! The envelope of an event in a service's log: CloudEvents 1.0 in JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Position;

/// Media type of a batch of events (CloudEvents 1.0, JSON event format, section 4).
pub const EVENTS_MEDIA_TYPE: &str = "application/cloudevents-batch+json";

/// One event of a service's log (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>).
///
/// `sequence` is the extension of that name; `correlationid`, `causationid` and `logid` are extensions of our own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// Id, unique in its source; the same on every delivery.
    pub id: String,
    /// The log's service, such as `/billing`.
    pub source: String,
    /// Name of the event, such as `DocumentVoided`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the resource that it is about, such as a document.
    pub subject: String,
    /// When it was recorded.
    pub time: DateTime<Utc>,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The position, a decimal number from 1 as a string.
    #[serde(with = "position_as_string")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[1-9][0-9]*$"))]
    pub sequence: Position,
    /// Process id; outside a process the request's `X-Correlation-Id`, else the event's id.
    pub correlationid: String,
    /// Id of the message that directly led to this event.
    pub causationid: String,
    /// The log's own id, made with its database.
    pub logid: String,
    /// The event's data, by `type`.
    pub data: Value,
}

mod position_as_string {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(position: &super::Position, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(position)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<super::Position, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .ok()
            .filter(|position| *position > 0)
            .ok_or_else(|| D::Error::custom("sequence must be a decimal number from 1"))
    }
}
