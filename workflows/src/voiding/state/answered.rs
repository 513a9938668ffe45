//! Transitions caused by the answer to a command.

use chrono::{DateTime, Utc};
use messages::{
    CustomerId, code,
    voiding::{Failure, Incident, Step, VoidingState},
};

use process_manager::manager::Refusal;

use super::{Command, Next, Opened, Outcome, Phase, Voiding};

/// Answer to a command: accepted, or refused.
pub type Answer<T> = Result<T, Refusal>;

/// The answer to a command that is not under way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{command} was answered in phase {phase:?}, where it is not under way")]
pub struct InvalidTransition {
    command: &'static str,
    phase: Phase,
}

impl Voiding {
    /// Applies Billing's answer to VoidDocument.
    ///
    /// # Errors
    /// Returns [`InvalidTransition`] unless VoidDocument is under way.
    pub fn requested(self, answer: Answer<Opened>) -> Result<Self, InvalidTransition> {
        self.expect(&Command::VoidDocument)?;
        Ok(match answer {
            Ok(opened) => Self {
                customer_id: Some(opened.customer_id.clone()),
                process_id: Some(opened.process_id.clone()),
                ..self
            }
            .enter(Phase::Marking(opened)),
            Err(refusal) => self.enter(Phase::Ended(Outcome::VoidDocumentRefused(refusal))),
        })
    }

    /// Applies Reports' answer to MarkDocumentAsVoided, which contains the customer that Reports has stored.
    ///
    /// # Errors
    /// Returns [`InvalidTransition`] unless MarkDocumentAsVoided is under way.
    pub fn marked(self, answer: Answer<CustomerId>, at: DateTime<Utc>) -> Result<Self, InvalidTransition> {
        let Phase::Marking(opened) = self.phase.clone() else {
            return Err(self.invalid("MarkDocumentAsVoided"));
        };
        Ok(match answer {
            Ok(customer_id) => {
                let opened = Opened { customer_id: customer_id.clone(), ..opened };
                Self { customer_id: Some(customer_id), ..self }
                    .step(VoidingState::MarkingDocumentAsVoidedSucceeded, at)
                    .enter(Phase::Completing(opened))
            }
            Err(Refusal { code, detail }) => {
                let failures = self.failures + 1;
                let failure = Failure { failure_id: self.failure_id(failures), code, detail, at };
                Self { failure: Some(failure), failures, ..self }
                    .step(VoidingState::MarkingDocumentAsVoidedFailed, at)
                    .enter(Phase::Aborting(opened))
            }
        })
    }

    /// Applies the answer to one of the other commands.
    ///
    /// # Errors
    /// Returns [`InvalidTransition`] unless this command is under way.
    pub fn answered(self, command: &Command, answer: Answer<()>, at: DateTime<Utc>) -> Result<Self, InvalidTransition> {
        self.expect(command)?;
        match (self.phase.clone(), answer) {
            (Phase::Asking | Phase::Marking(_), _) => Err(self.invalid(command.name())),
            (Phase::Completing(opened), Err(refusal)) if refusal.code == code::PROCESS_CLOSED => {
                Ok(self.enter(Phase::UnmarkingClosed(opened)))
            }
            (phase @ (Phase::Aborting(_) | Phase::Fencing(_)), Err(refusal)) => {
                Ok(self.not_aborted(phase, refusal, at))
            }
            (_, Err(refusal)) => Ok(self.parked(command, refusal, at)),
            (phase, Ok(())) => Ok(self.accepted(phase, at)),
        }
    }

    /// Records that the command under way is stalled: an incident that clears when the command succeeds.
    #[must_use]
    pub fn stalled(self, detail: String, since: DateTime<Utc>) -> Self {
        let Next::Send(command) = self.next() else { return self };
        let (failures, incident) = self.incident(&command, None, detail, since);
        Self { stalled: Some(incident), failures, ..self }
    }

    fn accepted(self, phase: Phase, at: DateTime<Utc>) -> Self {
        match phase {
            Phase::Completing(_) => self.voided(at),
            Phase::Aborting(opened) if self.acknowledgement.is_some() => self.enter(Phase::Closing(opened)),
            Phase::Aborting(opened) => self.enter(Phase::AwaitingAcknowledgement(opened)),
            Phase::Fencing(opened) => self.enter(Phase::Unmarking(opened)),
            Phase::Unmarking(opened) => self.enter(Phase::Closing(opened)),
            Phase::UnmarkingClosed(_) | Phase::Closing(_) => self.closed(at),
            phase @ (Phase::Asking | Phase::Marking(_) | Phase::AwaitingAcknowledgement(_) | Phase::Ended(_)) => {
                self.enter(phase)
            }
        }
    }

    fn not_aborted(self, phase: Phase, refusal: Refusal, at: DateTime<Utc>) -> Self {
        match (refusal.code.as_str(), phase) {
            (code::DOCUMENT_ALREADY_VOIDED, _) => self.voided(at),
            (code::PROCESS_CLOSED, Phase::Fencing(opened)) => self.enter(Phase::UnmarkingClosed(opened)),
            (code::PROCESS_CLOSED, _) => self.closed(at),
            (_, Phase::Aborting(opened) | Phase::Fencing(opened)) => {
                self.parked(&Command::AbortDocumentVoiding(opened), refusal, at)
            }
            (_, phase) => self.enter(phase),
        }
    }

    /// Ends a process that Billing has closed. After an acknowledgement, `process-closed` is the result of this
    /// process's own Close: if a worker dies after it, all commands of the workflow task are sent again, including the
    /// Abort.
    fn closed(self, at: DateTime<Utc>) -> Self {
        if self.acknowledgement.is_none() {
            return self.enter(Phase::Ended(Outcome::ProcessClosed));
        }
        self.step(VoidingState::FailureAcknowledged, at).enter(Phase::Ended(Outcome::FailureAcknowledged))
    }

    fn voided(self, at: DateTime<Utc>) -> Self {
        self.step(VoidingState::DocumentVoided, at).enter(Phase::Ended(Outcome::DocumentVoided))
    }

    fn parked(self, command: &Command, refusal: Refusal, at: DateTime<Utc>) -> Self {
        let (failures, incident) = self.incident(command, Some(refusal.code), refusal.detail, at);
        Self { refused: Some(incident), stalled: None, failures, ..self }
    }

    fn incident(
        &self,
        command: &Command,
        code: Option<String>,
        detail: String,
        since: DateTime<Utc>,
    ) -> (u32, Incident) {
        let failures = self.failures + 1;
        let (failure_id, command) = (self.failure_id(failures), command.name().to_owned());
        (failures, Incident { failure_id, command, code, detail, since })
    }

    pub(super) fn enter(self, phase: Phase) -> Self {
        Self { phase, refused: None, stalled: None, ..self }
    }

    fn step(mut self, state: VoidingState, at: DateTime<Utc>) -> Self {
        self.steps.push(Step { state, at });
        self
    }

    fn expect(&self, command: &Command) -> Result<(), InvalidTransition> {
        if self.next() == Next::Send(command.clone()) { Ok(()) } else { Err(self.invalid(command.name())) }
    }

    fn invalid(&self, command: &'static str) -> InvalidTransition {
        InvalidTransition { command, phase: self.phase.clone() }
    }
}
