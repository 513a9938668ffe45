//! The batch of a credit change while it is at work.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::affected::{LimitsInWords, Running};
use crate::{fact::Fact, parts};

/// Writes its rate, its expected end, and what holds it up.
pub(super) fn batch(running: &Running, now: DateTime<Utc>) -> Markup {
    html! {
        h3 { @if running.reinstates { "Reinstating" } @else { "Revoking" } }
        (parts::facts(facts(running).iter(), now))
    }
}

fn facts(running: &Running) -> Vec<Fact> {
    let speed = running.per_second.as_ref().map(|rate| format!("{rate} contracts a second"));
    let not_known = || "not known yet".to_owned();
    let mut facts = vec![
        Fact::new("Speed", speed.unwrap_or_else(not_known)),
        Fact::new("Commands in flight", running.in_flight.to_string()),
        match running.expected_end {
            Some(at) => Fact { at: Some(at), ..Fact::new("Expected end", "") },
            None => Fact::new("Expected end", not_known()),
        },
        Fact::new("Limits", in_words(&running.limits)),
    ];
    match &running.pause {
        Some(pause) => {
            let text = format!("{}, since ", pause.why);
            facts.push(Fact { at: Some(pause.since), ..Fact::new("Paused", text) });
        }
        None if running.is_draining => {
            facts.push(Fact::new("Begins nothing now", "it is about to pause, or its limits change"));
        }
        None => {}
    }
    facts.extend(running.fault.as_ref().map(|fault| Fact::new("Retried now", fault)));
    facts
}

fn in_words(limits: &LimitsInWords) -> String {
    let rate = match limits.per_second.as_str() {
        "0" => "any number a second".to_owned(),
        rate => format!("{rate} a second"),
    };
    format!("at most {} in flight, {rate}, {} refused", limits.in_flight, limits.tolerated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_words() {
        let limits = |per_second: &str, tolerated: &str| LimitsInWords {
            in_flight: "20".to_owned(),
            per_second: per_second.to_owned(),
            tolerated: tolerated.to_owned(),
        };
        for (limits, words) in [
            (limits("0", "0"), "at most 20 in flight, any number a second, 0 refused"),
            (limits("0.5", "2.5%"), "at most 20 in flight, 0.5 a second, 2.5% refused"),
        ] {
            assert_eq!(in_words(&limits), words);
        }
    }
}
