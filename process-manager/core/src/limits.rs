//! The limits of an instance. They ensure that a run can hand over to the next one, and are checked before anything is
//! sent.
//!
//! Temporal takes at most 2 MiB as the input of a run or of an activity. Everything here is counted in bytes of JSON.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Maximum size of an instance's state. If `apply` makes a larger one, the event is not applied, and `on_error` is
/// asked.
pub const STATE_BYTES: usize = 1024 * 1024;
/// Maximum size of one command with its settings. With a larger one, `handle` fails before any command of the event is
/// sent. The number of commands is not limited.
pub const COMMAND_BYTES: usize = 1536 * 1024;
/// Maximum size of what one decision of `on_error` gives: the carried value, and the commands of `continue_with`.
/// Beyond it the instance is parked.
pub const DECISION_BYTES: usize = 256 * 1024;
/// Maximum length of an explanation, in characters: a refusal's detail, an error, a reason. Longer ones are cut.
pub const DETAIL_CHARS: usize = 2_000;
/// Maximum length of a refusal's code, in characters. Longer ones are cut.
pub const CODE_CHARS: usize = 200;
/// Maximum number of timers of an instance. With more, `handle` fails before any command of the event is sent.
pub const MOST_TIMERS: usize = 100;
/// Maximum length of a timer's name, in characters.
pub const TIMER_NAME_CHARS: usize = 100;
/// Pause before a timer that another timer sets for a time that has passed. Without it, a timer that sets itself again
/// could keep a workflow busy forever.
pub const TIMER_PAUSE: Duration = Duration::from_secs(1);
/// Maximum size of an instruction's data; a larger instruction is not taken.
pub const INSTRUCTION_BYTES: usize = 16 * 1024;
/// Maximum number of instructions that wait for an instance, such as while it is parked; more are not taken.
pub const MOST_INSTRUCTIONS: usize = 20;
/// Maximum size of the answer to a question, as JSON.
pub const ANSWER_BYTES: usize = 16 * 1024;

/// Maximum size of the commands of one `handle` that a run hands over. The rest are left behind: the event leads to
/// them again.
pub(crate) const PENDING_BYTES: usize = 256 * 1024;
/// Maximum size of all that a run hands over; the rest of the 2 MiB is for the payload around it.
pub(crate) const SNAPSHOT_BYTES: usize = 2 * 1024 * 1024 - 64 * 1024;
/// Maximum nesting depth of the values that are checked: the state, and a command with its settings.
const LEVELS: usize = 110;
/// The depth to which JSON is read.
const MOST_LEVELS: usize = 127;
/// What a run hands over is nested this deep in a payload.
const LEVELS_AROUND: usize = 8;

/// The reason why a value cannot be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    TooLarge { bytes: usize, most: usize },
    Unserializable(String),
}

/// Writes a value as JSON and reads it again, as the next run does. Returns its size in bytes.
pub(crate) fn check<T: Serialize + DeserializeOwned>(value: &T, most: usize) -> Result<usize, Unfit> {
    let unserializable = |error: serde_json::Error| Unfit::Unserializable(error.to_string());
    let text = serde_json::to_value(value).map_err(unserializable)?.to_string();
    if text.len() > most {
        return Err(Unfit::TooLarge { bytes: text.len(), most });
    }
    let value = read_below(MOST_LEVELS - LEVELS, &text).map_err(unserializable)?;
    let _: T = serde_json::from_value(value).map_err(unserializable)?;
    Ok(text.len())
}

/// Reads what a run hands over at the depth that it will have in a payload.
pub(crate) fn read_again(text: &str) -> Result<Value, serde_json::Error> {
    read_below(LEVELS_AROUND, text)
}

fn read_below(levels: usize, text: &str) -> Result<Value, serde_json::Error> {
    let nested = format!("{}{text}{}", "[".repeat(levels), "]".repeat(levels));
    let mut value: Value = serde_json::from_str(&nested)?;
    for _ in 0..levels {
        value = value[0].take();
    }
    Ok(value)
}

/// Cuts an explanation to [`DETAIL_CHARS`].
#[must_use]
pub fn cut(text: String) -> String {
    cut_to(text, DETAIL_CHARS)
}

/// Cuts a text to this many characters; the last one then shows that it was cut.
#[must_use]
pub fn cut_to(mut text: String, chars: usize) -> String {
    // A text has at least as many bytes as characters.
    if text.len() > chars && text.chars().count() > chars {
        let end = text.char_indices().nth(chars.saturating_sub(1)).map_or(0, |(at, _)| at);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn unserializable<T: Serialize + DeserializeOwned>(value: &T) -> String {
        match check(value, STATE_BYTES) {
            Err(Unfit::Unserializable(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    /// Each next run reads the state from text. Without serde_json's `float_roundtrip`, one number in ten changes.
    #[test]
    fn a_number_with_a_fraction_is_read_to_its_last_digit() {
        for text in ["447.33104243076195", "12.221598440599905"] {
            let number: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(number.to_string(), text);
        }
    }

    #[test]
    fn a_value_fits_that_json_gives_back() {
        assert_eq!(check(&"x".repeat(98), 100), Ok(100));
        assert_eq!(check(&"x".repeat(99), 100), Err(Unfit::TooLarge { bytes: 101, most: 100 }));
        assert!(unserializable(&u128::MAX).contains("out of range"));
        assert!(unserializable(&BTreeMap::from([((1, 2), 3)])).contains("key must be a string"));
        assert!(unserializable(&f64::NAN).contains("null"));
    }

    #[test]
    fn a_value_has_at_most_110_levels() {
        let deep = |levels| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(check(&deep(110), STATE_BYTES).is_ok());
        assert!(unserializable(&deep(111)).contains("recursion limit"));
    }

    #[test]
    fn a_text_is_cut_to_its_limit() {
        assert_eq!(cut("ü".repeat(DETAIL_CHARS)), "ü".repeat(DETAIL_CHARS));
        let long = cut("ü".repeat(DETAIL_CHARS + 1));
        assert_eq!((long.chars().count(), long.ends_with("ü…")), (DETAIL_CHARS, true));
        assert_eq!((DETAIL_CHARS, CODE_CHARS), (2_000, 200));
    }
}
