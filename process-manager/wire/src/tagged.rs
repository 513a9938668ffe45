//! Commands and events as enums that serde tags with `type` and `data`.

use serde::Serialize;
use serde_json::{Value, json};

/// Returns the name and the data of a command or event; `None` if its type is not tagged with `type` and `data`, as by
/// `#[serde(tag = "type", content = "data")]`. A variant without data has the data `{}`.
#[must_use]
pub fn tagged<T: Serialize>(message: &T) -> Option<(String, Value)> {
    let Value::Object(mut object) = serde_json::to_value(message).ok()? else { return None };
    let name = object.get("type")?.as_str()?.to_owned();
    Some((name, object.remove("data").unwrap_or_else(|| json!({}))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(tag = "type", content = "data")]
    enum Thing {
        Happened { number: u8 },
        Ended,
    }

    #[test]
    fn a_message_has_a_name_and_data() {
        assert_eq!(tagged(&Thing::Happened { number: 3 }), Some(("Happened".to_owned(), json!({"number": 3}))));
        assert_eq!(tagged(&Thing::Ended), Some(("Ended".to_owned(), json!({}))));
        assert_eq!(tagged(&"text"), None);
    }
}
