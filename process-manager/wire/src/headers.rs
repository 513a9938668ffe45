//! The HTTP headers that commands carry: their names, and values that fit a header.
//!
//! A receiver takes an idempotency key, a correlation id or a causation id of 1 to [`LONGEST`] visible ASCII
//! characters, and refuses any other for ever. The ids of process managers may be longer and have other characters.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// Makes a repeated command take effect once ([`key`] makes one).
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The process that a command belongs to; it becomes the `correlationid` of the events that the command causes.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// The message that led to a command; it becomes the `causationid` of the events that the command causes, in place of
/// the idempotency key.
pub const CAUSATION_ID: &str = "x-causation-id";
/// W3C Trace Context, <https://www.w3.org/TR/trace-context/>.
pub const TRACEPARENT: &str = "traceparent";
/// RFC 7240 preferences; the api reads `wait=<seconds>`.
pub const PREFER: &str = "prefer";

/// Maximum length of an idempotency key, a correlation id or a causation id, in characters.
pub const LONGEST: usize = 255;

/// Everything but printable ASCII characters, and the escape itself.
const UNPRINTABLE: &AsciiSet = &CONTROLS.add(b'%');
/// Everything but visible ASCII characters, and the escape itself.
const INVISIBLE: &AsciiSet = &UNPRINTABLE.add(b' ');
/// Everything but the characters of usual ids: it includes the separator of a key's parts and the sign before a hash.
const OTHER_THAN_IDS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b':');
/// Precedes the hash of what a value does not show.
const HASH: char = '~';
/// The number of hexadecimal digits of a hash.
const DIGITS: usize = 64;

/// Returns the idempotency key that these parts name: percent-encoded and separated by slashes, so that other parts
/// always give another key. Beyond [`LONGEST`] characters a hash replaces the key's end.
///
/// ```
/// use process_manager_wire::headers::key;
/// assert_eq!(key(["Fulfilment", "O-1", "log", "7", "0"]), "Fulfilment/O-1/log/7/0");
/// assert_eq!(key(["Fulfilment", "a/b c", "log", "7", "0"]), "Fulfilment/a%2Fb%20c/log/7/0");
/// ```
#[must_use]
pub fn key<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let parts = parts.into_iter().map(|part| utf8_percent_encode(part, OTHER_THAN_IDS).to_string());
    let key = parts.collect::<Vec<_>>().join("/");
    if key.len() <= LONGEST { key } else { shortened(&key, &key) }
}

/// Returns a custom idempotency key in a form that can be sent. A key that is not 1 to [`LONGEST`] visible ASCII
/// characters is percent-encoded and gets a hash, so that it equals no other key.
#[must_use]
pub fn fit_key(key: &str) -> Cow<'_, str> {
    if is_fit(key) { Cow::Borrowed(key) } else { Cow::Owned(shortened(&encoded(key), key)) }
}

/// Returns an id in a form that can be sent: as it is, or percent-encoded if it has characters other than visible
/// ASCII. If that exceeds [`LONGEST`] characters, a hash replaces its end.
#[must_use]
pub fn fit(id: &str) -> Cow<'_, str> {
    if is_fit(id) {
        return Cow::Borrowed(id);
    }
    let encoded = encoded(id);
    Cow::Owned(if encoded.len() <= LONGEST { encoded } else { shortened(&encoded, id) })
}

/// Returns the value of any other header in a form that can be sent: percent-encoded if it has characters other than
/// printable ASCII. Spaces stay.
#[must_use]
pub fn fit_value(value: &str) -> Cow<'_, str> {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    if value.bytes().all(is_printable) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(utf8_percent_encode(value, UNPRINTABLE).to_string())
}

fn is_fit(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, INVISIBLE).to_string()
}

/// Returns as much of it as fits, and the hash of the whole.
fn shortened(encoded: &str, whole: &str) -> String {
    let begin: String = encoded.chars().take(LONGEST - DIGITS - 1).collect();
    format!("{begin}{HASH}{:x}", Sha256::digest(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_parts_are_another_key() {
        let long = "x".repeat(300);
        let parts: [[&str; 2]; 9] = [
            ["a", "b/c"],
            ["a/b", "c"],
            ["a b", "c"],
            ["a%20b", "c"],
            ["ä", "c"],
            ["Ä", "c"],
            [&long, "c"],
            [&long, "d"],
            ["a~", "c"],
        ];
        let keys: Vec<_> = parts.map(key).into();
        assert!(keys.iter().all(|key| is_fit(key)), "{keys:?}");
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "{keys:?}");
        assert_eq!(keys[6].len(), LONGEST);
    }

    #[test]
    fn a_value_that_can_be_sent_stays_as_it_is() {
        for text in ["p-1", "a/b", "100%", "~", &"x".repeat(LONGEST)] {
            assert_eq!((fit(text), fit_key(text), fit_value(text)), (text.into(), text.into(), text.into()));
        }
        assert_eq!(fit_value("vendor=1, other = 2"), "vendor=1, other = 2");
    }

    #[test]
    fn a_value_that_cannot_be_sent_is_encoded_and_a_long_one_is_shortened() {
        assert_eq!(fit("Straße 7 100%"), "Stra%C3%9Fe%207%20100%25");
        assert_eq!(fit_value("größe 1\n"), "gr%C3%B6%C3%9Fe 1%0A");
        let one = fit_key("a b");
        assert!(one.starts_with("a%20b~") && is_fit(&one), "{one}");
        for (one, other) in [("x".repeat(256), "x".repeat(257)), ("ä".repeat(200), "ä".repeat(201))] {
            assert!(is_fit(&fit(&one)) && fit(&one) != fit(&other));
            assert!(is_fit(&fit_key(&one)) && fit_key(&one) != fit_key(&other));
        }
    }
}
