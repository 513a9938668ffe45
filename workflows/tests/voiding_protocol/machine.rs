//! The voiding's own state machine as a table: each state that a run can reach, and its successors.

use std::collections::BTreeMap;

use chrono::DateTime;
use messages::{
    code,
    voiding::{VoidingInput, VoidingState, VoidingView},
};
use process_manager::{instance::Acknowledge, manager::Refusal};
use workflows::voiding::state::{self, Opened, Outcome, Phase, Voiding};

/// States with more failures are not in the table, which would otherwise be infinite.
const TABLED_FAILURES: u8 = 4;

/// A command of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Command {
    Mark,
    Complete,
    Abort,
    Unmark,
    Close,
    Void,
}

/// The code of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    ReportPublished,
    MarkedByAnotherProcess,
    ProcessClosed,
    Aborted,
    DocumentAlreadyVoided,
    /// One that no rule of the services explains.
    Strange,
}

const CODES: [(Code, &str); 6] = [
    (Code::ReportPublished, code::REPORT_PUBLISHED),
    (Code::MarkedByAnotherProcess, code::MARKED_BY_ANOTHER_PROCESS),
    (Code::ProcessClosed, code::PROCESS_CLOSED),
    (Code::Aborted, code::ABORTED),
    (Code::DocumentAlreadyVoided, code::DOCUMENT_ALREADY_VOIDED),
    (Code::Strange, "strange"),
];

/// The failure that an acknowledgement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Meant {
    /// Any current failure: the Temporal CLI can leave the id out.
    Any,
    /// The process's failure with this number, from 1.
    Number(u8),
    /// A failure of an earlier process.
    OfAnotherProcess,
}

/// The next step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Send(Command),
    Wait,
    End(End),
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Voided,
    Acknowledged,
    ProcessClosed,
    Refused,
}

/// The phases to which a rule of the protocol belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Awaiting,
    Fencing,
    Unmarking,
    UnmarkingClosed,
    /// The close after an unmarking.
    ClosingUnmarked,
    Other,
}

/// A state of the machine, by its number in the table.
pub(crate) type Place = u16;

/// A state and its successors. `None` is beyond the table.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) next: Next,
    pub(crate) part: Part,
    pub(crate) failures: u8,
    /// The failure that the published view offers for acknowledgement.
    pub(crate) to_acknowledge: Option<u8>,
    /// Whether the published view shows that somebody has to decide.
    pub(crate) is_visible: bool,
    pub(crate) accepted: Option<Place>,
    refused: [Option<Place>; CODES.len()],
    pub(crate) stalled: Option<Place>,
    acknowledged: Vec<Option<Place>>,
    pub(crate) retried: Option<Place>,
    pub(crate) rechecked: Option<Place>,
}

/// All states of the machine.
#[derive(Debug)]
pub(crate) struct Machine {
    entries: Vec<Entry>,
    /// A run that is started with its process.
    pub(crate) started: Place,
    /// A run that is started with the document alone.
    pub(crate) asking: Place,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let mut places = Places::default();
        let [started, asking] = [Some(opened()), None].map(|opened| {
            let (customer_id, process_id) = opened.map(|it| (it.customer_id, it.process_id)).unzip();
            let input = VoidingInput { document_id: "D".parse().unwrap(), customer_id, process_id };
            places.of(Voiding::new(input, DateTime::UNIX_EPOCH)).unwrap()
        });
        let mut entries = Vec::new();
        while let Some(voiding) = places.voidings.get(entries.len()).cloned() {
            entries.push(Entry::new(&voiding, &mut places));
        }
        Self { entries, started, asking }
    }

    pub(crate) fn at(&self, place: Place) -> &Entry {
        &self.entries[usize::from(place)]
    }
}

/// The states found so far.
#[derive(Debug, Default)]
struct Places {
    voidings: Vec<Voiding>,
    known: BTreeMap<String, Place>,
}

impl Places {
    fn of(&mut self, voiding: Voiding) -> Option<Place> {
        if failures(&voiding) > TABLED_FAILURES {
            return None;
        }
        let key = serde_json::to_string(&voiding).unwrap();
        let next = Place::try_from(self.voidings.len()).unwrap();
        let place = *self.known.entry(key).or_insert(next);
        if place == next {
            self.voidings.push(voiding);
        }
        Some(place)
    }
}

impl Entry {
    fn new(voiding: &Voiding, places: &mut Places) -> Self {
        let at = DateTime::UNIX_EPOCH;
        let view = voiding.view();
        let refused = CODES.map(|(code, _)| answered(voiding, Err(code)).and_then(|it| places.of(it)));
        // An ignored signal changes nothing.
        let acknowledged = Meant::all().map(|meant| {
            let signal = Acknowledge { failure_id: meant.failure_id(), ..Acknowledge::default() };
            places.of(voiding.acknowledge(signal, at).unwrap_or_else(|_| voiding.clone()))
        });
        let acknowledged = acknowledged.collect();
        Self {
            next: next(voiding),
            part: part(voiding),
            failures: failures(voiding),
            to_acknowledge: to_acknowledge(&view),
            is_visible: view.failure.is_some() || view.incident.is_some_and(|incident| incident.code.is_some()),
            accepted: answered(voiding, Ok(())).and_then(|it| places.of(it)),
            refused,
            stalled: places.of(voiding.clone().stalled(String::new(), at)),
            acknowledged,
            retried: places.of(voiding.retry(None).unwrap_or_else(|_| voiding.clone())),
            rechecked: places.of(voiding.recheck().unwrap_or_else(|_| voiding.clone())),
        }
    }

    pub(crate) fn refused(&self, code: Code) -> Option<Place> {
        CODES.iter().position(|(it, _)| *it == code).and_then(|index| self.refused[index])
    }

    pub(crate) fn acknowledged(&self, meant: Meant) -> Option<Place> {
        Meant::all().position(|it| it == meant).and_then(|index| self.acknowledged[index])
    }
}

impl Meant {
    fn all() -> impl Iterator<Item = Self> {
        [Self::Any, Self::OfAnotherProcess].into_iter().chain((1..=TABLED_FAILURES).map(Self::Number))
    }

    fn failure_id(self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Number(number) => Some(format!("P/{number}")),
            Self::OfAnotherProcess => Some("Q/1".to_owned()),
        }
    }
}

fn opened() -> Opened {
    Opened { process_id: "P".parse().unwrap(), customer_id: "C".parse().unwrap() }
}

/// Applies an answer to the command under way. The services' table says with which codes a command can be refused.
fn answered(voiding: &Voiding, answer: Result<(), Code>) -> Option<Voiding> {
    let state::Next::Send(command) = voiding.next() else { return None };
    let at = DateTime::UNIX_EPOCH;
    let answer = answer.map_err(|code| {
        let (_, name) = CODES.into_iter().find(|(it, _)| *it == code).unwrap();
        Refusal { code: name.to_owned(), detail: String::new() }
    });
    let voiding = voiding.clone();
    let next = match command {
        state::Command::VoidDocument => voiding.requested(answer.map(|()| opened())),
        state::Command::MarkDocumentAsVoided(_) => voiding.marked(answer.map(|()| opened().customer_id), at),
        _ => voiding.answered(&command, answer, at),
    };
    Some(next.unwrap())
}

fn next(voiding: &Voiding) -> Next {
    match voiding.next() {
        state::Next::Wait => Next::Wait,
        state::Next::End(outcome) => Next::End(match outcome {
            Outcome::DocumentVoided => End::Voided,
            Outcome::FailureAcknowledged => End::Acknowledged,
            Outcome::ProcessClosed => End::ProcessClosed,
            Outcome::VoidDocumentRefused(_) => End::Refused,
        }),
        state::Next::Send(command) => Next::Send(match command {
            state::Command::VoidDocument => Command::Void,
            state::Command::MarkDocumentAsVoided(_) => Command::Mark,
            state::Command::CompleteDocumentVoiding(_) => Command::Complete,
            state::Command::AbortDocumentVoiding(_) => Command::Abort,
            state::Command::UnmarkDocumentAsVoided(_) => Command::Unmark,
            state::Command::CloseDocumentVoiding(_) => Command::Close,
        }),
    }
}

fn part(voiding: &Voiding) -> Part {
    match voiding.phase() {
        Phase::AwaitingAcknowledgement(_) => Part::Awaiting,
        Phase::Fencing(_) => Part::Fencing,
        Phase::Unmarking(_) => Part::Unmarking,
        Phase::UnmarkingClosed(_) => Part::UnmarkingClosed,
        Phase::Closing(_) if voiding.view().failure.is_none() => Part::ClosingUnmarked,
        _ => Part::Other,
    }
}

fn failures(voiding: &Voiding) -> u8 {
    let value = serde_json::to_value(voiding).unwrap();
    value["failures"].as_u64().unwrap().try_into().unwrap()
}

/// Returns the number of the failure that an operator can acknowledge, as the api offers it.
fn to_acknowledge(view: &VoidingView) -> Option<u8> {
    if view.acknowledgement.is_some() {
        return None;
    }
    let failed = view.state == VoidingState::MarkingDocumentAsVoidedFailed;
    let failure = view.failure.as_ref().filter(|_| failed).map(|failure| &failure.failure_id);
    let refused = view.incident.as_ref().filter(|it| it.code.is_some() && it.command == "CompleteDocumentVoiding");
    let id = failure.or_else(|| refused.map(|incident| &incident.failure_id))?;
    Some(id.strip_prefix("P/").unwrap().parse().unwrap())
}
