//! Compares the log with the accepted commands.

use std::collections::{BTreeMap, BTreeSet};

use process_manager_wire::{CloudEvent, check_id};

use crate::{
    http::{Request, Stop, excerpt},
    page::Entry,
    rules::{CLOUD_EVENTS, CORRELATION, IDEMPOTENT, LOGID, POSITIONS, RECORDED},
    session::{Expected, Session},
};

pub(crate) async fn check(session: &mut Session) -> Result<(), Stop> {
    let entries = session.read_from(session.start).await?;
    let first = session.page(0, 1).await?;
    let request = session.http.get(&format!("/events?after={}", session.start));
    for entry in first.iter().chain(&entries) {
        fields(session, &request, entry);
    }
    ids(session, &request, first.iter().chain(&entries));
    judge(session, &request, &entries);
    session.verdicts.kept(POSITIONS);
    session.story = entries.into_iter().map(|entry| entry.event).collect();
    Ok(())
}

/// Checks the fields of an event.
fn fields(session: &mut Session, request: &Request, entry: &Entry) {
    let found = match serde_json::from_value::<CloudEvent>(entry.event.clone()) {
        Err(error) => Err(error.to_string()),
        Ok(event) => {
            fields_of(&event, session.kind.source()).and_then(|()| session.kind.check_data(&event.kind, &event.data))
        }
    };
    match found {
        Ok(()) => session.verdicts.kept(CLOUD_EVENTS),
        Err(why) => session.broken(CLOUD_EVENTS, request, &why, &excerpt(&entry.event)),
    }
}

fn fields_of(event: &CloudEvent, source: &str) -> Result<(), String> {
    let exact = [
        ("specversion", event.specversion.as_str(), "1.0"),
        ("source", event.source.as_str(), source),
        ("datacontenttype", event.datacontenttype.as_str(), "application/json"),
    ];
    for (field, found, expected) in exact {
        if found != expected {
            return Err(format!("{field} {expected:?}"));
        }
    }
    let filled = [
        ("id", &event.id),
        ("type", &event.kind),
        ("correlationid", &event.correlationid),
        ("causationid", &event.causationid),
        ("logid", &event.logid),
    ];
    if let Some((field, _)) = filled.into_iter().find(|(_, text)| text.is_empty()) {
        return Err(format!("{field} with a value"));
    }
    check_id(&event.subject).map_err(|error| format!("a subject that is an id: {error}"))
}

/// Checks that ids are unique, and that there is one log.
fn ids<'a>(session: &mut Session, request: &Request, entries: impl Iterator<Item = &'a Entry>) {
    let mut positions: BTreeMap<&str, i64> = BTreeMap::new();
    let mut logs = BTreeSet::new();
    for entry in entries {
        logs.insert(entry.text("logid"));
        let before = *positions.entry(entry.text("id")).or_insert(entry.position);
        if before != entry.position {
            let came = format!("{} at {before} and at {}", entry.text("id"), entry.position);
            session.broken(CLOUD_EVENTS, request, "an id that no other event has", &came);
        }
    }
    if logs.len() > 1 {
        session.broken(LOGID, request, "one logid", &format!("{logs:?}"));
    } else {
        session.verdicts.kept(LOGID);
    }
}

/// Compares the events of each subject with the expected ones.
fn judge(session: &mut Session, request: &Request, entries: &[Entry]) {
    let mut expected: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
    for event in session.expected.clone() {
        expected.entry(event.subject.clone()).or_default().push(event);
    }
    for (subject, expected) in
        expected.iter().filter(|(subject, _)| !session.tainted.contains(*subject)).collect::<Vec<_>>()
    {
        let found: Vec<&Entry> = entries.iter().filter(|entry| entry.text("subject") == subject).collect();
        let kinds: Vec<_> = found.iter().map(|entry| entry.text("type")).collect();
        if kinds.iter().eq(expected.iter().map(|event| &event.kind)) {
            session.verdicts.kept(RECORDED);
            for (found, expected) in found.iter().zip(expected) {
                correlation(session, request, found, expected);
            }
            continue;
        }
        let text = |kinds: &[&str]| {
            format!("{subject}: {}", if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") })
        };
        let wanted = text(&expected.iter().map(|event| event.kind).collect::<Vec<_>>());
        let rule = if is_repeated(&found, expected) { IDEMPOTENT } else { RECORDED };
        let commands = expected.iter().map(|event| &event.sent.request);
        let requests: Vec<_> = commands.chain([request]).collect();
        session.broken_by(rule, &requests, &format!("the events of {wanted}"), &format!("those of {}", text(&kinds)));
    }
}

/// Returns whether there are more events than commands because one command led to an event twice.
fn is_repeated(found: &[&Entry], expected: &[Expected]) -> bool {
    let mut causes = BTreeSet::new();
    let is_twice = found.iter().any(|entry| !causes.insert((entry.text("type"), entry.text("causationid"))));
    found.len() > expected.len() && is_twice
}

fn correlation(session: &mut Session, request: &Request, found: &Entry, expected: &Expected) {
    let wanted = [("correlationid", &expected.correlation), ("causationid", &expected.sent.cause)];
    for (field, wanted) in wanted {
        if found.text(field) == wanted {
            session.verdicts.kept(CORRELATION);
        } else {
            let expectation = format!("an event with the {field} {wanted}");
            let got = format!("{} at position {}", found.text(field), found.position);
            session.broken_by(CORRELATION, &[&expected.sent.request, request], &expectation, &got);
        }
    }
}
