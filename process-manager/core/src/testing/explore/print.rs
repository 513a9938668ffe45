//! A finding in readable form: the steps, and each instance as a test.

use std::{
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
};

use process_manager_wire::tagged;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    model::Model,
    parts::Heard,
    script::{Cause, Script, Turn},
};
use crate::{
    instance::Status,
    manager::{ProcessManager, Refusal, Routed, route},
    testing::{Outcome, accepted, given, not_dispatched, timed_out},
};

/// Returns the test of one instance. It expects what the test kit shows when it plays the turns.
pub(super) fn test<M, W>(model: &Model<M, W>, what: &str, id: &str, script: &Script) -> Option<String>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    let played = AssertUnwindSafe(|| play(model, id, script));
    let (given, played) = catch_unwind(played).ok().flatten()?;
    // A built-in invariant's name is followed by details.
    let what = what.split(": ").next().unwrap_or(what);
    let mut text = format!("#[test]\nfn {}() {{\n", slug(&format!("{what} ({id})")));
    if !script.turns.is_empty() {
        text.push_str("    let event = |json| serde_json::from_value(json).unwrap();\n");
    }
    if played.iter().any(|turn| !turn.sent.is_empty()) {
        text.push_str("    let command = |json| serde_json::from_value(json).unwrap();\n");
    }
    let events: Vec<_> = script.turns[..given].iter().filter_map(|turn| event::<M::Event>(&turn.cause)).collect();
    let _ = write!(text, "    given::<{}>([{}])", short(std::any::type_name::<M>()), events.join(", "));
    let is_asked = |turn: &Turn| match &turn.cause {
        Cause::When(event) => matches!(route::<M>(event), Ok(Routed::To(_, ids)) if ids.len() > 1),
        _ => false,
    };
    if script.turns.iter().any(is_asked) {
        let _ = write!(text, "\n        .instance({id:?})");
    }
    if !model.settings.is_null() {
        let _ = write!(text, "\n        .settings(json!({}))", model.settings);
    }
    played.iter().for_each(|turn| text.push_str(&turn.text()));
    let _ = write!(text, ";\n    // This does not hold: {what}\n}}\n");
    Some(text)
}

/// A turn as the test kit has played it.
struct Played {
    cause: String,
    answers: Vec<String>,
    answered: Option<String>,
    sent: Vec<String>,
    then: String,
}

impl Played {
    fn text(&self) -> String {
        let mut text = String::new();
        if !self.answers.is_empty() {
            let _ = write!(text, "\n        .answers([{}])", self.answers.join(", "));
        }
        if let Some(event) = &self.answered {
            let _ = write!(text, "\n        .answering_questions(move |_| {event})");
        }
        let _ = write!(text, "\n        {}", self.cause);
        let _ = match self.sent.is_empty() {
            true => write!(text, "\n        .then_no_command()"),
            false => write!(text, "\n        .then([{}])", self.sent.join(", ")),
        };
        text + &self.then
    }
}

/// Plays the turns; returns how many of them belong to the given events, and the other turns.
fn play<M, W>(model: &Model<M, W>, id: &str, script: &Script) -> Option<(usize, Vec<Played>)>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    let scenario = given::<M>([]).instance(id).settings(model.settings.clone());
    let mut outcome = scenario.begun();
    let (mut given, mut played) = (0, Vec::new());
    for (number, turn) in script.turns.iter().enumerate() {
        outcome.run.answer = in_turn::<M>(turn.heard.clone());
        if let Some(answer) = question_answer(turn) {
            outcome.run.questions = Box::new(move |_| answer.clone());
        }
        outcome = match &turn.cause {
            Cause::When(it) => outcome
                .when(read(&json!({"type": it.kind})).or_else(|| read(&json!({"type": it.kind, "data": it.data})))?),
            Cause::Advance(by) => outcome.advance(*by),
            Cause::Retry => outcome.retry(),
            Cause::Acknowledge => outcome.acknowledge(),
            Cause::Terminated => outcome.terminated(),
            Cause::Instruct(which) => outcome.instruct(model.instructions.get(*which)?),
        };
        let is_plain =
            matches!(turn.cause, Cause::When(_)) && turn.heard.iter().all(|it| matches!(it, Heard::Accepted(None)));
        let waits = outcome.view().is_some_and(|view| view.status == Status::Waiting);
        if is_plain && waits && given == number && number + 1 < script.turns.len() {
            given += 1;
            continue;
        }
        played.push(told(model, turn, &outcome));
    }
    Some((given, played))
}

fn told<M: ProcessManager, W>(model: &Model<M, W>, turn: &Turn, outcome: &Outcome<M>) -> Played
where
    M::Event: Serialize,
{
    let cause = match &turn.cause {
        Cause::When(_) => format!(".when({})", event::<M::Event>(&turn.cause).unwrap_or_default()),
        Cause::Advance(by) => format!(".advance(Duration::from_millis({}))", by.as_millis()),
        Cause::Retry => ".retry()".to_owned(),
        Cause::Acknowledge => ".acknowledge()".to_owned(),
        Cause::Terminated => ".terminated()".to_owned(),
        Cause::Instruct(which) => {
            let it = model.instructions.get(*which).and_then(tagged).unwrap_or_default();
            format!(".instruct(&event({}))", literal::<M::Event>(&it.0, &it.1))
        }
    };
    let is_plain = turn.heard.iter().all(|heard| matches!(heard, Heard::Accepted(_)));
    let answers = if is_plain { Vec::new() } else { turn.heard.iter().map(answer).collect() };
    let command =
        |command| tagged(command).map(|(kind, data)| format!("command({})", literal::<M::Command>(&kind, &data)));
    let sent = outcome.run.sent.iter().filter_map(command).collect();
    let view = outcome.view();
    let then = match view.as_ref().map(|view| (view.status, view.failure.as_ref())) {
        Some((_, Some(failure))) => format!("\n        .then_parked({:?})", failure.code),
        Some((Status::Waiting, _)) => "\n        .then_waits()".to_owned(),
        Some((Status::Ended, _)) => "\n        .then_ended()".to_owned(),
        _ => String::new(),
    };
    let answered = question_answer(turn).map(|(kind, data)| format!("event({})", literal::<M::Event>(&kind, &data)));
    Played { cause, answers, answered, sent, then }
}

fn in_turn<M: ProcessManager>(heard: Vec<Heard>) -> Box<crate::testing::run::Answer<M>> {
    crate::testing::in_turn::<M>(heard.into_iter().map(|heard| match heard {
        Heard::Accepted(_) => accepted(),
        Heard::Refused(Refusal { code, .. }) => crate::testing::refused(code),
        Heard::NotDispatched => not_dispatched(),
        Heard::TimedOut => timed_out(),
    }))
}

/// Returns the last event that answered a question.
fn question_answer(turn: &Turn) -> Option<(String, Value)> {
    turn.heard.iter().rev().find_map(|heard| match heard {
        Heard::Accepted(answer) => answer.clone(),
        _ => None,
    })
}

fn answer(heard: &Heard) -> String {
    match heard {
        Heard::Accepted(_) => "accepted()".to_owned(),
        Heard::Refused(refusal) => format!("refused({:?})", refusal.code),
        Heard::NotDispatched => "not_dispatched()".to_owned(),
        Heard::TimedOut => "timed_out()".to_owned(),
    }
}

fn event<E: DeserializeOwned>(cause: &Cause) -> Option<String> {
    let Cause::When(event) = cause else { return None };
    Some(format!("event({})", literal::<E>(&event.kind, &event.data)))
}

/// Returns the message as an expression. A message without data is written without it.
fn literal<T: DeserializeOwned>(kind: &str, data: &Value) -> String {
    match read::<T>(&json!({"type": kind})) {
        Some(_) => format!("json!({{\"type\": {kind:?}}})"),
        None => format!("json!({{\"type\": {kind:?}, \"data\": {data}}})"),
    }
}

fn read<T: DeserializeOwned>(message: &Value) -> Option<T> {
    T::deserialize(message).ok()
}

/// Returns a type's name without its modules.
fn short(name: &str) -> String {
    let mut short = String::new();
    for part in name.split_inclusive(|it: char| !it.is_alphanumeric() && it != '_') {
        match part {
            ":" => (),
            part if part.ends_with(':') => (),
            part => short.push_str(part),
        }
    }
    short
}

/// Returns a name for a test.
fn slug(text: &str) -> String {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}
