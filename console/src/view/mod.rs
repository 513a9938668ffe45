//! A process as the console shows it: one vocabulary for voidings and for instances of process managers.
//!
//! [`voiding`] and [`instance`] map to it, and everything that shows a process shows this type.

pub(crate) mod instance;
mod target;
pub(crate) mod voiding;

use chrono::{DateTime, TimeDelta, Utc};
use messages::{CustomerId, voiding::VoidingState};
use process_manager::manager::{Outcome, OutcomeKind};
use process_manager_host::operator::{PendingCommand, Trouble};

pub(crate) use self::target::Target;
use crate::{fact::Fact, instruction::Instruction, paths, words};

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ProcessView {
    pub(crate) target: Target,
    /// Distinguishes the process in ids of elements; a process id may contain any characters.
    pub(crate) key: String,
    pub(crate) status: Status,
    /// The trouble that has its own badge.
    pub(crate) trouble: Option<Trouble>,
    /// The outcome that its process manager has declared.
    pub(crate) outcome: Option<Outcome>,
    /// The process that the page shows, if the document has had several.
    pub(crate) process_id: Option<String>,
    /// Whether the process is known from Billing alone, so that it is unknown whether anything waits.
    pub(crate) is_last_known: bool,
    pub(crate) began_at: DateTime<Utc>,
    pub(crate) since: Since,
    pub(crate) customer: Option<CustomerId>,
    /// The failures that wait for an operator.
    pub(crate) failures: Vec<Failure>,
    pub(crate) stalled: Option<Stalled>,
    pub(crate) pending: Vec<Pending>,
    /// The time line, oldest first.
    pub(crate) steps: Vec<Step>,
    /// The reason why the time line is incomplete, if it is.
    pub(crate) steps_missing: Option<String>,
    /// The states that a voiding has passed.
    pub(crate) progress: Option<Progress>,
    /// Its own facts, such as the accounts and the amount of a transfer.
    pub(crate) facts: Vec<Fact>,
    /// The facts about its progress.
    pub(crate) doing: Vec<Fact>,
    /// The state that a process manager keeps, as JSON.
    pub(crate) state: Option<String>,
    pub(crate) hint: Option<&'static str>,
    pub(crate) workflow_id: String,
    /// Temporal's id of the run; `None` if Temporal does not know the process.
    pub(crate) run_id: Option<String>,
    /// Ids to copy, by name.
    pub(crate) ids: Vec<(&'static str, Option<String>)>,
}

/// The status, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Status {
    /// The class of its badge.
    pub(crate) class: &'static str,
    pub(crate) sign: &'static str,
    pub(crate) word: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) is_running: bool,
}

/// A time that shows how long something has lasted, and the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Since {
    pub(crate) before: &'static str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) after: &'static str,
}

/// A failure that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Failure {
    pub(crate) id: String,
    /// What failed, such as `Deposit money was refused`.
    pub(crate) what: String,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) since: DateTime<Utc>,
    /// Advice for the operator: what to do, and its effect.
    pub(crate) remedy: String,
    /// The effect of giving up, if acknowledging gives up what could be retried.
    pub(crate) giving_up: Option<&'static str>,
    pub(crate) can_retry: bool,
    pub(crate) can_acknowledge: bool,
}

/// A command that has not succeeded for a while.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Stalled {
    /// The command, in words.
    pub(crate) command: String,
    pub(crate) detail: String,
    pub(crate) since: DateTime<Utc>,
    /// The service that it goes to.
    pub(crate) service: &'static str,
}

/// A command that is being retried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pending {
    /// The command, in words.
    pub(crate) command: String,
    pub(crate) of: PendingCommand,
}

/// An entry of the time line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    pub(crate) at: DateTime<Utc>,
    pub(crate) class: &'static str,
    pub(crate) badge: Option<Status>,
    pub(crate) text: String,
    pub(crate) span: Span,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
    /// The note of an operator.
    pub(crate) note: Option<String>,
}

/// How long a step took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Span {
    Moment,
    Lasted(TimeDelta),
    /// The step has not ended.
    Ongoing,
}

/// The states of a voiding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    pub(crate) passed: Vec<VoidingState>,
    pub(crate) at: VoidingState,
}

impl ProcessView {
    /// Returns the address of its page. A process that has ended has its own id in it.
    pub(crate) fn page(&self) -> String {
        match (&self.target, &self.process_id) {
            (Target::Voiding(document_id), Some(process_id)) if !self.status.is_running => {
                paths::ended_process(document_id, process_id)
            }
            (target, _) => target.page(),
        }
    }

    /// Returns the badge of its outcome. An outcome that needs nobody is not red, whatever it is.
    pub(crate) fn outcome_badge(&self) -> Option<(&'static str, &'static str, String)> {
        let outcome = self.outcome.as_ref()?;
        let (class, sign) = match outcome.kind {
            OutcomeKind::Success => ("done", "✓"),
            OutcomeKind::Reverted => ("reverted", "↩"),
            OutcomeKind::Failure => ("unsuccessful", "✕"),
        };
        Some((class, sign, words::capital(&outcome.name)))
    }

    /// Returns whether one of its ids, or its customer's, contains the text.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let ids = self.ids.iter().filter_map(|(_, id)| id.as_deref());
        ids.chain([self.workflow_id.as_str()]).any(|id| id.to_lowercase().contains(&text))
    }

    /// Returns the instructions that an operator may send to it.
    pub(crate) fn instructions(&self) -> &'static [Instruction] {
        match &self.target {
            Target::Instance(manager, _) if self.status.is_running => manager.instructions,
            _ => &[],
        }
    }

    /// Returns whether the process waits for an operator.
    pub(crate) fn waits_for_operator(&self) -> bool {
        self.failures.iter().any(|failure| failure.can_retry || failure.can_acknowledge)
    }
}

impl Step {
    pub(crate) fn new(at: DateTime<Utc>, class: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at, class, badge: None, text, span: Span::Moment, code: None, detail: None, note: None }
    }

    /// Creates the entry of an acknowledgement.
    pub(crate) fn acknowledged(at: DateTime<Utc>, by: Option<&str>, note: Option<&str>) -> Self {
        let text = format!("Acknowledged by {}.", by.unwrap_or("an operator"));
        Self { note: note.map(str::to_owned), ..Self::new(at, "person", text) }
    }
}
