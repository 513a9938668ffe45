//! Commands, ages and durations in words.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

/// Returns a name in words: `MarkDocumentAsVoided` -> `Mark document as voided`.
pub(crate) fn command(name: &str) -> String {
    name.chars().enumerate().fold(String::with_capacity(name.len() + 4), |mut text, (index, letter)| {
        if index > 0 && letter.is_uppercase() {
            text.push(' ');
            text.extend(letter.to_lowercase());
        } else {
            text.push(letter);
        }
        text
    })
}

/// Returns a text with a capital first letter: `returned` -> `Returned`.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Returns a duration in its largest two units.
pub(crate) fn duration(length: TimeDelta) -> String {
    let ms = length.num_milliseconds().max(0);
    let (seconds, minutes, hours, days) = (ms / 1_000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match () {
        () if ms < 1_000 => format!("{ms} ms"),
        () if seconds < 10 => format!("{seconds}.{} s", ms % 1_000 / 100),
        () if minutes < 1 => format!("{seconds} s"),
        () if hours < 1 => format!("{minutes} min {} s", seconds % 60),
        () if days < 1 => format!("{hours} h {} min", minutes % 60),
        () => format!("{days} d {} h", hours % 24),
    }
}

/// Writes how long ago that was. The console's script keeps it current, and the full time is the title.
pub(crate) fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let seconds = (now - at).num_seconds().max(0);
    let text = match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    };
    html! { time datetime=(at.to_rfc3339()) data-age="" title=(full(at)) { (text) } }
}

/// Writes a time of day, with the full time as its title.
pub(crate) fn clock(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let format = if at.date_naive() == now.date_naive() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    html! { time datetime=(at.to_rfc3339()) title=(full(at)) { (at.format(format)) } }
}

fn full(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        for (ms, text) in [
            (-5, "0 ms"),
            (12, "12 ms"),
            (1_250, "1.2 s"),
            (59_999, "59 s"),
            (61_000, "1 min 1 s"),
            (3_660_000, "1 h 1 min"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(TimeDelta::milliseconds(ms)), text);
        }
    }

    #[test]
    fn commands_are_words() {
        assert_eq!(command("MarkDocumentAsVoided"), "Mark document as voided");
    }
}
