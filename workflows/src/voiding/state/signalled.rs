//! Transitions caused by an operator's signal. A signal that does not apply changes nothing and returns the reason (V6,
//! V9).

use chrono::{DateTime, Utc};
use messages::voiding::Acknowledgement;
use process_manager::instance::Acknowledge;

use super::{Phase, Voiding};

/// The reason why a signal changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// It is too early or too late, or a command is under way again.
    #[error("there is no failure to acknowledge")]
    NoFailure,
    /// The signal names another failure than the current one.
    #[error("it means another failure")]
    AnotherFailure,
    /// No command has been refused, or it is under way again.
    #[error("there is nothing to retry")]
    NothingToRetry,
    /// The process is not waiting for an operator.
    #[error("the process is not waiting")]
    NotWaiting,
}

impl Voiding {
    /// Acknowledges the refused marking (from the moment it is recorded) or the refused completion.
    ///
    /// # Errors
    /// Returns [`Ignored`] with the reason; nothing changes.
    pub fn acknowledge(&self, signal: Acknowledge, at: DateTime<Utc>) -> Result<Self, Ignored> {
        if self.acknowledgement.is_some() {
            return Err(Ignored::NoFailure);
        }
        let (phase, meant) = match (&self.phase, &self.failure, &self.refused) {
            (Phase::Aborting(_), Some(failure), _) => (self.phase.clone(), &failure.failure_id),
            (Phase::AwaitingAcknowledgement(opened), Some(failure), _) => {
                (Phase::Closing(opened.clone()), &failure.failure_id)
            }
            (Phase::Completing(opened), _, Some(incident)) => (Phase::Fencing(opened.clone()), &incident.failure_id),
            _ => return Err(Ignored::NoFailure),
        };
        check(signal.failure_id.as_deref(), meant)?;
        let Acknowledge { acknowledged_by, note, .. } = signal;
        let acknowledged =
            Self { acknowledgement: Some(Acknowledgement { acknowledged_by, note, at }), ..self.clone() };
        // An Abort that is still under way, or was itself refused, stays as it is.
        Ok(if phase == self.phase { acknowledged } else { acknowledged.enter(phase) })
    }

    /// Retries the refused command.
    ///
    /// # Errors
    /// Returns [`Ignored`] with the reason; nothing changes.
    pub fn retry(&self, failure_id: Option<&str>) -> Result<Self, Ignored> {
        let incident = self.refused.as_ref().ok_or(Ignored::NothingToRetry)?;
        check(failure_id, &incident.failure_id)?;
        Ok(self.clone().enter(self.phase.clone()))
    }

    /// Checks whether Billing has closed the process, because the document has another open one. After a refused
    /// marking the Abort is sent again; after a refused command, that command.
    ///
    /// # Errors
    /// Returns [`Ignored`] with the reason; nothing changes.
    pub fn recheck(&self) -> Result<Self, Ignored> {
        match &self.phase {
            Phase::AwaitingAcknowledgement(opened) => Ok(self.clone().enter(Phase::Aborting(opened.clone()))),
            _ if self.refused.is_some() => Ok(self.clone().enter(self.phase.clone())),
            _ => Err(Ignored::NotWaiting),
        }
    }
}

fn check(given: Option<&str>, meant: &str) -> Result<(), Ignored> {
    if given.is_none_or(|given| given == meant) { Ok(()) } else { Err(Ignored::AnotherFailure) }
}
