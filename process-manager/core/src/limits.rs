//! The limits of an instance. They keep a run able to hand over to the next one, and are checked before anything is sent.
//!
//! Temporal takes at most 2 MiB as the input of a run or of an activity. Everything here is counted in bytes of JSON.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Most bytes of an instance's state. An event whose `apply` makes a larger one is not applied, and `on_error` is asked.
pub const STATE_BYTES: usize = 1024 * 1024;
/// Most bytes of one command with its settings. With a larger one `handle` fails before any command of the event is sent.
/// The number of commands has no limit.
pub const COMMAND_BYTES: usize = 1536 * 1024;
/// Most bytes of what one decision of `on_error` gives: the value that it carries, and the commands of `continue_with`.
/// Beyond it the instance is parked.
pub const DECISION_BYTES: usize = 256 * 1024;
/// Most characters of an explanation: a refusal's detail, an error, a reason. Longer ones are cut.
pub const DETAIL_CHARS: usize = 2_000;
/// Most characters of a refusal's code. Longer ones are cut.
pub const CODE_CHARS: usize = 200;
/// Most timers of an instance. With more of them `handle` fails before any command of the event is sent.
pub const MOST_TIMERS: usize = 100;
/// Most characters of a timer's name.
pub const TIMER_NAME_CHARS: usize = 100;
/// Time after which a timer is due that another timer sets for a time that has passed. Without it, a timer that sets
/// itself again could keep a workflow busy for ever.
pub const TIMER_PAUSE: Duration = Duration::from_secs(1);
/// Most bytes of the data of one instruction; a larger one is not taken.
pub const INSTRUCTION_BYTES: usize = 16 * 1024;
/// Most instructions that wait for an instance, such as while it is parked; more are not taken.
pub const MOST_INSTRUCTIONS: usize = 20;
/// Most bytes of the answer to a question as JSON.
pub const ANSWER_BYTES: usize = 16 * 1024;

/// Bytes of the commands of one `handle` that a run hands over. More of them are left behind: the event tells them.
pub(crate) const PENDING_BYTES: usize = 256 * 1024;
/// Most bytes of all that a run hands over; the rest of the 2 MiB is for what stands around it.
pub(crate) const SNAPSHOT_BYTES: usize = 2 * 1024 * 1024 - 64 * 1024;
/// Most levels of what is checked: of the state, and of a command with its settings.
const LEVELS: usize = 110;
/// JSON is read to this depth.
const MOST_LEVELS: usize = 127;
/// What a run hands over stands some levels deep in a payload.
const LEVELS_AROUND: usize = 8;

/// Why a value cannot be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    TooLarge { bytes: usize, most: usize },
    Unserializable(String),
}

/// Writes a value as JSON and reads it again, as the next run does. Returns its bytes.
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

/// Reads what a run hands over as deep as it will stand in a payload.
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

/// Cuts a text to so many characters; the last of them then tells so.
#[must_use]
pub fn cut_to(mut text: String, chars: usize) -> String {
    // A text is at least as long in bytes as in characters.
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

    /// A state is read from text by each next run. Without serde_json's `float_roundtrip` one number in ten changes.
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
