//! The voiding process as a pure state machine: answers and signals go in, the next command comes out.
//!
//! ```text
//!  voiding-requested
//!   Asking ──opened──► Marking
//!     │                   ├─refused──► marking-document-as-voided-failed
//!     │                   │             Aborting ──► AwaitingAcknowledgement ──acknowledged──► Closing ──► failure-acknowledged
//!     │                   │                └─────────── acknowledged meanwhile ───────────────────┘▲
//!     │                   │                                                                        │
//!     │                   └─accepted─► marking-document-as-voided-succeeded                        │
//!     │                                 Completing ──accepted──► document-voided                   │
//!     │                                     ├─refused──► waits: retry ──► Completing               │
//!     │                                     │              acknowledged ──► Fencing ──► Unmarking ─┘
//!     │                                     └─process-closed──► UnmarkingClosed ──► Ended(ProcessClosed)
//!     └─refused──► Ended(VoidDocumentRefused)
//! ```
//!
//! From `Aborting` and `Fencing`, `process-closed` leads to `ProcessClosed`, or to `failure-acknowledged` once an
//! operator has acknowledged. After a marking, it does so by way of `UnmarkingClosed`. `document-already-voided` leads
//! to `document-voided`. After any other refusal the process waits in the same phase for a `retry`.

use chrono::{DateTime, Utc};
use messages::{
    CustomerId, DocumentId, ProcessId,
    voiding::{Acknowledgement, Failure, Incident, Step, VoidingInput, VoidingState, VoidingView},
};

use process_manager::manager::Refusal;
use serde::{Deserialize, Serialize};

mod answered;
mod signalled;

pub use answered::{Answer, InvalidTransition};
pub use signalled::Ignored;

/// Phase of a voiding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// VoidDocument is under way: an operator has started the run with the document alone.
    Asking,
    /// MarkDocumentAsVoided is under way.
    Marking(Opened),
    /// Reports has refused; AbortDocumentVoiding is under way.
    Aborting(Opened),
    /// Reports has refused, Billing has aborted; an operator has to acknowledge.
    AwaitingAcknowledgement(Opened),
    /// The failure is acknowledged, and the document is not marked; CloseDocumentVoiding is under way.
    Closing(Opened),
    /// Reports has marked the document; CompleteDocumentVoiding is under way.
    Completing(Opened),
    /// The refused completion is acknowledged; AbortDocumentVoiding, which fences off late completions, is under way.
    Fencing(Opened),
    /// A late completion is fenced off; UnmarkDocumentAsVoided is under way.
    Unmarking(Opened),
    /// Billing has closed the process after the marking; UnmarkDocumentAsVoided is under way, then the run ends.
    UnmarkingClosed(Opened),
    /// The process has ended.
    Ended(Outcome),
}

/// The process that Billing has opened; every later command names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The process.
    pub process_id: ProcessId,
    /// The document's customer.
    pub customer_id: CustomerId,
}

/// Outcome of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The document is voided: *Completed*.
    DocumentVoided,
    /// An operator has acknowledged: *Failed*, type `FailureAcknowledged`.
    FailureAcknowledged,
    /// Billing has closed the process: *Failed*, type `ProcessClosed`.
    ProcessClosed,
    /// Billing has refused to open a process: *Failed*, type `VoidDocumentRefused`.
    VoidDocumentRefused(Refusal),
}

/// The next step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Send this command.
    Send(Command),
    /// Wait for a signal.
    Wait,
    /// End the run.
    End(Outcome),
}

/// A command of the voiding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To Billing: open a process.
    VoidDocument,
    /// To Reports.
    MarkDocumentAsVoided(Opened),
    /// To Billing.
    CompleteDocumentVoiding(Opened),
    /// To Billing.
    AbortDocumentVoiding(Opened),
    /// To Reports.
    UnmarkDocumentAsVoided(Opened),
    /// To Billing.
    CloseDocumentVoiding(Opened),
}

impl Command {
    /// Returns the command's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VoidDocument => "VoidDocument",
            Self::MarkDocumentAsVoided(_) => "MarkDocumentAsVoided",
            Self::CompleteDocumentVoiding(_) => "CompleteDocumentVoiding",
            Self::AbortDocumentVoiding(_) => "AbortDocumentVoiding",
            Self::UnmarkDocumentAsVoided(_) => "UnmarkDocumentAsVoided",
            Self::CloseDocumentVoiding(_) => "CloseDocumentVoiding",
        }
    }
}

/// One voiding process: its phase and its records. A run that continues as new hands it over as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voiding {
    document_id: DocumentId,
    /// Known before the phase has it, and after the phase has dropped it.
    customer_id: Option<CustomerId>,
    process_id: Option<ProcessId>,
    phase: Phase,
    steps: Vec<Step>,
    failure: Option<Failure>,
    /// The refusal of the phase's command; it waits for an operator.
    refused: Option<Incident>,
    /// The phase's command, while it is stalled.
    stalled: Option<Incident>,
    acknowledgement: Option<Acknowledgement>,
    /// Number of failures and incidents so far. Their ids are made from it.
    failures: u32,
}

impl Voiding {
    /// Begins a process. Without a customer and a process id, it first asks Billing for both.
    #[must_use]
    pub fn new(input: VoidingInput, at: DateTime<Utc>) -> Self {
        let VoidingInput { document_id, customer_id, process_id } = input;
        let phase = match (customer_id.clone(), process_id.clone()) {
            (Some(customer_id), Some(process_id)) => Phase::Marking(Opened { process_id, customer_id }),
            _ => Phase::Asking,
        };
        let steps = vec![Step { state: VoidingState::VoidingRequested, at }];
        Self {
            document_id,
            customer_id,
            process_id,
            phase,
            steps,
            failure: None,
            refused: None,
            stalled: None,
            acknowledgement: None,
            failures: 0,
        }
    }

    /// Returns the next step.
    #[must_use]
    pub fn next(&self) -> Next {
        if self.refused.is_some() {
            return Next::Wait;
        }
        match self.phase.clone() {
            Phase::AwaitingAcknowledgement(_) => Next::Wait,
            Phase::Ended(outcome) => Next::End(outcome),
            phase => phase.command().map_or(Next::Wait, Next::Send),
        }
    }

    /// Returns the document.
    #[must_use]
    pub const fn document_id(&self) -> &DocumentId {
        &self.document_id
    }

    /// Returns the current phase.
    #[must_use]
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Returns whether the command under way is stalled.
    #[must_use]
    pub const fn is_stalled(&self) -> bool {
        self.stalled.is_some()
    }

    /// Returns the published state, which is that of the last step.
    #[must_use]
    pub fn state(&self) -> VoidingState {
        self.steps.last().map_or(VoidingState::VoidingRequested, |step| step.state)
    }

    /// Returns the published view.
    #[must_use]
    pub fn view(&self) -> VoidingView {
        VoidingView {
            state: self.state(),
            process_id: self.process_id.clone(),
            document_id: self.document_id.clone(),
            customer_id: self.customer_id.clone(),
            failure: self.failure.clone(),
            incident: self.refused.as_ref().or(self.stalled.as_ref()).cloned(),
            acknowledgement: self.acknowledgement.clone(),
            steps: self.steps.clone(),
        }
    }

    fn failure_id(&self, number: u32) -> String {
        let process = self.process_id.as_ref().map_or_else(|| self.document_id.as_str(), ProcessId::as_str);
        format!("{process}/{number}")
    }
}

impl Phase {
    /// Returns the command that is under way in this phase.
    fn command(self) -> Option<Command> {
        Some(match self {
            Self::Asking => Command::VoidDocument,
            Self::Marking(opened) => Command::MarkDocumentAsVoided(opened),
            Self::Aborting(opened) | Self::Fencing(opened) => Command::AbortDocumentVoiding(opened),
            Self::Closing(opened) => Command::CloseDocumentVoiding(opened),
            Self::Completing(opened) => Command::CompleteDocumentVoiding(opened),
            Self::Unmarking(opened) | Self::UnmarkingClosed(opened) => Command::UnmarkDocumentAsVoided(opened),
            Self::AwaitingAcknowledgement(_) | Self::Ended(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests;
