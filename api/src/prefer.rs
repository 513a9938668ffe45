//! The preference `wait` of RFC 7240: how long a client waits for the outcome.

use std::time::Duration;

use axum::http::HeaderMap;
use messages::headers;

/// Longest wait in seconds; a longer preference is reduced to it.
const MAX_WAIT: u64 = 30;

/// Returns the wait that the client prefers, at most 30 s. If there are several, the first one counts (RFC 7240,
/// section 2). An invalid preference is ignored.
pub(crate) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all(headers::PREFER).iter().filter_map(|value| value.to_str().ok());
    let value = preferences.flat_map(|line| split(line, ',')).find_map(|preference| {
        let first = split(preference, ';').next()?;
        let (name, value) = first.split_once('=').unwrap_or((first, ""));
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim())
    })?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number that overflows means a long wait.
    let seconds = value.parse().unwrap_or(u64::MAX).min(MAX_WAIT);
    Some(Duration::from_secs(seconds))
}

/// Splits at separators outside quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let literal = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !literal => escaped = true,
            '"' if !literal => quoted = !quoted,
            _ => {}
        }
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_of(lines: &[&str]) -> Option<u64> {
        let headers = lines.iter().map(|line| (headers::PREFER.parse().unwrap(), line.parse().unwrap())).collect();
        wait(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn the_wait_is_found_in_any_list_of_preferences() {
        for (lines, seconds) in [
            (&["wait=5"][..], 5),
            (&["WAIT = 5"], 5),
            (&["wait=\"5\""], 5),
            (&["respond-async, wait=5; foo=bar"], 5),
            (&["return=minimal", "wait=5"], 5),
            (&["foo=\"a, wait=3\", wait=5"], 5),
            (&["foo=\"\\\", wait=3\", wait=5"], 5),
            (&["wait=5, wait=7"], 5),
            (&["wait=0"], 0),
        ] {
            assert_eq!(wait_of(lines), Some(seconds), "{lines:?}");
        }
    }

    #[test]
    fn a_wait_above_30_s_is_cut_down() {
        assert_eq!(wait_of(&["wait=31"]), Some(30));
        assert_eq!(wait_of(&["wait=99999999999999999999999"]), Some(30));
    }

    #[test]
    fn an_unreadable_preference_is_ignored() {
        for line in ["", "wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "await=5", ",;=,", "\"wait=5"] {
            assert_eq!(wait_of(&[line]), None, "{line}");
        }
    }
}
