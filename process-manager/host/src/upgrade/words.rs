//! Decisions in words.

use process_manager::{decisions::Step, manager::RouteKind};
use process_manager_wire::CloudEvent;
use serde_json::Value;

use super::replay::SEND;

/// Maximum length of one value, in characters.
const LONGEST: usize = 600;
/// Maximum number of places that are named.
const MOST_PLACES: usize = 5;

/// Returns a value as it is shown.
pub(super) fn json(value: &Value) -> String {
    cut(value.to_string())
}

/// Returns a text as it is shown.
pub(super) fn cut(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    let begin: String = text.chars().take(LONGEST).collect();
    format!("{begin}… ({} bytes)", text.len())
}

pub(super) fn event(event: &CloudEvent) -> String {
    format!("{} (position {}) {}", event.kind, event.sequence, json(&event.data))
}

pub(super) fn route_kind(kind: RouteKind) -> String {
    serde_json::to_value(kind).ok().and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}

fn title(step: &Step) -> String {
    format!("{}({})", step.function, step.about)
}

/// Returns the difference, in words that are the same for all similar instances.
pub(super) fn difference(old: Option<&Step>, new: Option<&Step>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if title(old) == title(new) => {
            format!("{}: {}", title(new), change(&old.answer, &new.answer))
        }
        (Some(old), Some(new)) => format!("{} comes in the place of {}", title(new), title(old)),
        (Some(old), None) => format!("{} is missing", title(old)),
        (None, Some(new)) => format!("{} is new", title(new)),
        (None, None) => String::new(),
    }
}

fn change(old: &Value, new: &Value) -> String {
    if old == new {
        return "it is about another event".to_owned();
    }
    match (&old["error"], &new["error"]) {
        (Value::Null, Value::String(why)) => return format!("it fails: {why}"),
        (Value::String(_), Value::Null) => return "it no longer fails".to_owned(),
        _ => (),
    }
    if new.get("idempotency_key").is_some() {
        return message(old, new);
    }
    if new.get("state").is_some() {
        return "another state".to_owned();
    }
    let (old, new) = match (old["decision"].get("continue"), new["decision"].get("continue")) {
        (Some(old), Some(new)) => (old, new),
        _ if new.get("commands").is_some() => (old, new),
        _ => return "another decision".to_owned(),
    };
    let changes = [commands(&old["commands"], &new["commands"]), others(old, new)];
    changes.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Returns how lists of commands differ.
fn commands(old: &Value, new: &Value) -> Vec<String> {
    let list = |it: &Value| it.as_array().cloned().unwrap_or_default();
    let (olds, news) = (list(old), list(new));
    let names = |list: &[Value]| list.iter().map(name).collect::<Vec<_>>();
    let (old_names, new_names) = (names(&olds), names(&news));
    if old_names == new_names {
        let pairs = olds.iter().zip(&news).filter(|(old, new)| old != new);
        let mut changes: Vec<_> = pairs.map(|(old, new)| message(old, new)).collect();
        changes.dedup();
        if changes.is_empty() && old != new {
            changes.push("other commands".to_owned());
        }
        return changes;
    }
    let told = |names: Vec<String>| if names.is_empty() { "no command".to_owned() } else { names.join(", ") };
    vec![format!("{} in the place of {}", told(new_names), told(old_names))]
}

fn name(outgoing: &Value) -> String {
    outgoing["command"]["type"].as_str().unwrap_or("a large command").to_owned()
}

/// Returns how two commands of one name differ.
fn message(old: &Value, new: &Value) -> String {
    let name = name(new);
    if old["command"] != new["command"] {
        return format!("{name} has another body");
    }
    match old["idempotency_key"] == new["idempotency_key"] {
        true => format!("{name} has other settings"),
        false => format!("{name} has another idempotency key"),
    }
}

/// Returns how timers and the end differ.
fn others(old: &Value, new: &Value) -> Vec<String> {
    let timers = (old["timers"] != new["timers"]).then(|| "other timers".to_owned());
    let stops = (old["stops"] != new["stops"]).then(|| match new["stops"].as_bool() {
        Some(true) => "the instance ends".to_owned(),
        _ => "the instance no longer ends".to_owned(),
    });
    timers.into_iter().chain(stops).collect()
}

/// Returns a decision, over several lines.
pub(super) fn answer(step: &Step) -> String {
    if step.function == SEND && step.answer.is_null() {
        return format!("{} (the history has its name alone)", step.about);
    }
    lines(&step.answer).join("\n")
}

fn lines(answer: &Value) -> Vec<String> {
    if let Some(why) = answer.get("error").and_then(Value::as_str) {
        return vec![cut(format!("it fails: {why}"))];
    }
    if let (Some(failure), Some(decision)) = (answer.get("failure"), answer.get("decision")) {
        let mut told = vec![cut(format!("about {}", failure.as_str().unwrap_or_default()))];
        told.extend(match decision.get("continue") {
            Some(commands) => lines(commands),
            None => vec![json(decision)],
        });
        return told;
    }
    if answer.get("idempotency_key").is_some() {
        return vec![command(answer)];
    }
    let Some(commands) = answer.get("commands") else {
        return vec![answer.as_str().map_or_else(|| json(answer), str::to_owned)];
    };
    let Some(commands) = commands.as_array() else { return vec![json(commands)] };
    let mut told: Vec<_> = commands.iter().map(command).collect();
    if told.is_empty() {
        told.push("no command".to_owned());
    }
    told.extend(answer["timers"].as_array().into_iter().flatten().map(timer));
    told.extend(answer.get("stops").map(|_| "the instance ends".to_owned()));
    told
}

fn command(outgoing: &Value) -> String {
    let command = &outgoing["command"];
    let told = match command["type"].as_str() {
        Some(name) => format!("{name} {}", json(&command["data"])),
        None => json(command),
    };
    match outgoing["idempotency_key"].as_str() {
        Some(key) => format!("{told} under the key {key}"),
        None => told,
    }
}

fn timer(change: &Value) -> String {
    match (&change["set"], &change["cancel"]) {
        (Value::Object(set), _) => format!("timer {} due at {}", text(set.get("name")), text(set.get("due"))),
        (_, Value::Object(cancel)) => format!("timer {} cancelled", text(cancel.get("name"))),
        _ => json(change),
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Returns the places at which two values differ, with both values.
pub(super) fn places(old: &Value, new: &Value) -> String {
    let mut places = Vec::new();
    find_places(String::new(), old, new, &mut places);
    let more = places.len().saturating_sub(MOST_PLACES);
    places.truncate(MOST_PLACES);
    if more > 0 {
        places.push(format!("and {more} more"));
    }
    places.join("\n")
}

fn find_places(at: String, old: &Value, new: &Value, places: &mut Vec<String>) {
    match (old, new) {
        _ if old == new => (),
        (Value::Object(olds), Value::Object(news)) => {
            let added = news.keys().filter(|key| !olds.contains_key(*key));
            for key in olds.keys().chain(added) {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                find_places(at, &old[key], &new[key], places);
            }
        }
        (Value::Array(olds), Value::Array(news)) if olds.len() == news.len() => {
            for (number, (old, new)) in olds.iter().zip(news).enumerate() {
                find_places(format!("{at}[{number}]"), old, new, places);
            }
        }
        // The values themselves are shown beside it.
        _ if at.is_empty() => (),
        _ => places.push(format!("{at}: {}, now {}", short(old), short(new))),
    }
}

fn short(value: &Value) -> String {
    const MOST: usize = 100;
    let text = value.to_string();
    match text.chars().count() > MOST {
        true => text.chars().take(MOST).chain(['…']).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(answer: Value) -> Step {
        Step { function: "handle".to_owned(), about: "Paid".to_owned(), answer, ..Step::default() }
    }

    fn told(old: Value, new: Value) -> String {
        difference(Some(&step(old)), Some(&step(new)))
    }

    fn ship(order: &str) -> Value {
        json!({"command": {"type": "Ship", "data": {"order": order}}})
    }

    #[test]
    fn each_kind_of_difference_has_its_words() {
        let keyed = json!({"command": {"type": "Ship", "data": {"order": "1"}}, "idempotency_key": "k"});
        let commands = |list: &[Value]| json!({"commands": list});
        let one = || commands(&[ship("1")]);
        assert_eq!(told(one(), commands(&[ship("2")])), "handle(Paid): Ship has another body");
        assert_eq!(told(one(), commands(&[keyed])), "handle(Paid): Ship has another idempotency key");
        assert_eq!(told(one(), commands(&[])), "handle(Paid): no command in the place of Ship");
        assert_eq!(told(one(), json!({"error": "no"})), "handle(Paid): it fails: no");
        assert_eq!(told(json!({"error": "no"}), one()), "handle(Paid): it no longer fails");
        let timed = |due: &str| json!({"commands": [], "timers": [{"set": {"name": "remind", "due": due}}]});
        assert_eq!(told(timed("a"), timed("b")), "handle(Paid): other timers");
        assert_eq!(
            told(json!({"commands": []}), json!({"commands": [], "stops": true})),
            "handle(Paid): the instance ends"
        );
        assert_eq!(told(json!({"state": 1}), json!({"state": 2})), "handle(Paid): another state");
        let decision = |it: Value| json!({"failure": "Ship: no", "decision": it});
        assert_eq!(
            told(decision(json!({"stop": null})), decision(json!("skip the event"))),
            "handle(Paid): another decision"
        );
        let continued = decision(json!({"continue": {"commands": [ship("2")]}}));
        assert_eq!(
            told(decision(json!({"continue": {"commands": [ship("1")]}})), continued),
            "handle(Paid): Ship has another body"
        );
        assert_eq!(difference(Some(&step(one())), None), "handle(Paid) is missing");
    }

    #[test]
    fn a_decision_is_told_line_by_line() {
        let answer = json!({
            "commands": [ship("1")],
            "timers": [{"set": {"name": "remind", "due": "2026-01-01T00:00:00Z"}}, {"cancel": {"name": "late"}}],
            "stops": true,
        });
        assert_eq!(
            super::answer(&step(answer)),
            "Ship {\"order\":\"1\"}\ntimer remind due at 2026-01-01T00:00:00Z\ntimer late cancelled\nthe instance ends"
        );
        let failed = json!({"failure": "Ship: refused (no): no", "decision": {"continue": {"commands": [ship("2")]}}});
        assert_eq!(super::answer(&step(failed)), "about Ship: refused (no): no\nShip {\"order\":\"2\"}");
        assert!(json(&json!("x".repeat(10_000))).ends_with("… (10002 bytes)"));
    }

    #[test]
    fn the_places_at_which_values_differ_are_named() {
        let (old, new) = (json!({"a": {"b": [1, 2]}, "c": 1}), json!({"a": {"b": [1, 3]}, "d": 1}));
        assert_eq!(places(&old, &new), "a.b[1]: 2, now 3\nc: 1, now null\nd: null, now 1");
        let many = |from: u32| json!((from..from + 9).collect::<Vec<_>>());
        assert!(places(&many(1), &many(2)).ends_with("[4]: 5, now 6\nand 4 more"));
    }
}
