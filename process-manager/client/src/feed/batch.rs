//! Reads an answer of `GET /events`: one bad event must not prevent reading the good ones.

use process_manager_wire::{CloudEvent, Position};
use serde_json::Value;

use super::FeedEvent;

/// Maximum length of a reason, in characters.
const LONGEST_REASON: usize = 500;

/// Returns the batch's events, with rising positions greater than `after`. It is public only for the fuzz targets.
///
/// # Errors
/// What is wrong with the batch.
pub fn parse(body: &[u8], after: Position) -> Result<Vec<FeedEvent>, String> {
    let entries: Vec<Value> = serde_json::from_slice(body).map_err(|error| reason(&error))?;
    let mut last = after;
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        let event = read(entry, last);
        if event.position() <= last {
            return Err(format!("position {} comes after {last}", event.position()));
        }
        last = event.position();
        events.push(event);
    }
    Ok(events)
}

fn read(entry: Value, last: Position) -> FeedEvent {
    let sequence = entry.get("sequence").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let text = |field| entry.get(field).and_then(Value::as_str).map(str::to_owned);
    let (logid, kind) = (text("logid"), text("type"));
    match serde_json::from_value::<CloudEvent>(entry) {
        Ok(event) => FeedEvent::Event(Box::new(event)),
        // A log has no gaps, so an entry without a position has the next one.
        Err(error) => FeedEvent::Malformed {
            position: sequence.filter(|position| *position > 0).unwrap_or(last.saturating_add(1)),
            logid,
            kind,
            reason: reason(&error),
        },
    }
}

/// Cuts the text of an error: it contains the value that does not fit, which may have any length.
fn reason(error: &serde_json::Error) -> String {
    error.to_string().chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(sequence: &str) -> Value {
        json!({
            "specversion": "1.0", "id": "e", "source": "/billing", "type": "T", "subject": "d",
            "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": sequence,
            "correlationid": "c", "causationid": "c", "logid": "log", "data": {}
        })
    }

    fn positions(batch: Value, after: Position) -> Result<Vec<Position>, String> {
        parse(batch.to_string().as_bytes(), after).map(|events| events.iter().map(FeedEvent::position).collect())
    }

    #[test]
    fn a_malformed_event_keeps_its_place_among_the_good_ones() {
        let batch = json!([event("3"), {"sequence": "4", "logid": "log"}, "nonsense", event("6"), event("nonsense")]);
        let events = parse(batch.to_string().as_bytes(), 2).unwrap();
        assert_eq!(events.iter().map(FeedEvent::position).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
        assert!(matches!(&events[1], FeedEvent::Malformed { logid: Some(logid), .. } if logid == "log"));
        assert!(matches!(events[2], FeedEvent::Malformed { logid: None, kind: None, .. }));
        assert!(matches!(events[3], FeedEvent::Event(_)));
    }

    #[test]
    fn a_reason_is_short_however_long_the_entry_is() {
        let long = Value::from("x".repeat(10_000));
        assert!(parse(long.to_string().as_bytes(), 0).unwrap_err().len() <= 500);
        let events = parse(json!([long]).to_string().as_bytes(), 0).unwrap();
        assert!(matches!(&events[0], FeedEvent::Malformed { reason, .. } if reason.len() <= 500), "{events:?}");
    }

    #[test]
    fn positions_that_do_not_rise_are_refused() {
        assert_eq!(positions(json!([event("3"), event("3")]), 2).unwrap_err(), "position 3 comes after 3");
        assert!(positions(json!([event("2")]), 2).is_err());
        assert!(positions(json!({"items": []}), 0).is_err());
        assert_eq!(positions(json!([]), 7).unwrap(), [0_i64; 0]);
    }
}
