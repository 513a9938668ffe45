//! Billing's rules: the effect of each command on a document and on the process that voids it. Pure.
//!
//! ```text
//!             ┌─Complete─► Voided
//! Requested ──┤
//!             └─Abort────► Aborted ──Close─► Closed
//! ```

use axum::http::StatusCode;
use messages::{billing::DocumentStatus, code};
use sea_orm::{DeriveActiveEnum, EnumIter};

/// State of a voiding's process. It is open while it is requested or aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub enum ProcessState {
    /// The document is to be voided.
    Requested,
    /// The document is issued again; the process has not been closed yet.
    Aborted,
    /// The document is voided.
    Voided,
    /// The process ended without voiding.
    Closed,
}

/// A command of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoidingCommand {
    /// CompleteDocumentVoiding.
    Complete,
    /// AbortDocumentVoiding.
    Abort,
    /// CloseDocumentVoiding.
    Close,
}

impl VoidingCommand {
    /// Returns its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete-document-voiding",
            Self::Abort => "abort-document-voiding",
            Self::Close => "close-document-voiding",
        }
    }
}

/// Effect of an accepted command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The process moves to this state.
    Become(ProcessState),
    /// Nothing: the command took effect earlier.
    Nothing,
}

/// A business 'no'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such document.
    #[error("there is no such document")]
    DocumentNotFound,
    /// The document is voided.
    #[error("the document is voided")]
    DocumentAlreadyVoided,
    /// A document with this id and other content exists.
    #[error("a document of this id exists, with other content")]
    DocumentExists,
    /// The document has no such process.
    #[error("the document never had such a process")]
    ProcessNotFound,
    /// The process is closed, or was never opened.
    #[error("the process is closed, or the document never had such a process")]
    ProcessClosed,
    /// The process was aborted.
    #[error("the process was aborted")]
    Aborted,
    /// Only an aborted process can be closed.
    #[error("the process has to be aborted before it can be closed")]
    NotAborted,
}

impl service_kit::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::DocumentNotFound => code::DOCUMENT_NOT_FOUND,
            Self::DocumentAlreadyVoided => code::DOCUMENT_ALREADY_VOIDED,
            Self::DocumentExists => code::DOCUMENT_EXISTS,
            Self::ProcessNotFound => code::PROCESS_NOT_FOUND,
            Self::ProcessClosed => code::PROCESS_CLOSED,
            Self::Aborted => code::ABORTED,
            Self::NotAborted => code::NOT_ABORTED,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::DocumentNotFound | Self::ProcessNotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }
}

/// Decides a command by the state of its process; `None` is a process that this document never had.
///
/// # Errors
/// Returns the refusal.
pub fn decide(command: VoidingCommand, process: Option<ProcessState>) -> Result<Effect, Refusal> {
    use ProcessState::{Aborted, Closed, Requested, Voided};
    use VoidingCommand::{Abort, Close, Complete};
    match (process, command) {
        (Some(Requested), Complete) => Ok(Effect::Become(Voided)),
        (Some(Requested), Abort) => Ok(Effect::Become(Aborted)),
        (Some(Requested), Close) => Err(Refusal::NotAborted),
        (Some(Aborted), Complete) => Err(Refusal::Aborted),
        (Some(Aborted), Close) => Ok(Effect::Become(Closed)),
        (Some(Aborted), Abort) | (Some(Voided), Complete) | (Some(Closed), Close) => Ok(Effect::Nothing),
        (Some(Voided), Abort | Close) => Err(Refusal::DocumentAlreadyVoided),
        (Some(Closed) | None, Complete | Abort) => Err(Refusal::ProcessClosed),
        (None, Close) => Err(Refusal::ProcessNotFound),
    }
}

/// Returns the open process that VoidDocument joins, or `None` if it starts a new one.
///
/// # Errors
/// Returns [`Refusal::DocumentAlreadyVoided`] if the document is voided.
pub fn decide_void<P>(status: DocumentStatus, open_process: Option<P>) -> Result<Option<P>, Refusal> {
    match status {
        DocumentStatus::Voided => Err(Refusal::DocumentAlreadyVoided),
        DocumentStatus::Issued | DocumentStatus::VoidingRequested => Ok(open_process),
    }
}

#[cfg(test)]
mod tests {
    use ProcessState::{Aborted, Closed, Requested, Voided};
    use VoidingCommand::{Abort, Close, Complete};

    use service_kit::Refusal as _;

    use super::*;

    #[test]
    fn the_table_of_the_design_holds() {
        let nothing = Ok(Effect::Nothing);
        let table = [
            (Some(Requested), [Ok(Effect::Become(Voided)), Ok(Effect::Become(Aborted)), Err("not-aborted")]),
            (Some(Aborted), [Err("aborted"), nothing, Ok(Effect::Become(Closed))]),
            (Some(Voided), [nothing, Err("document-already-voided"), Err("document-already-voided")]),
            (Some(Closed), [Err("process-closed"), Err("process-closed"), nothing]),
            (None, [Err("process-closed"), Err("process-closed"), Err("process-not-found")]),
        ];
        for (process, row) in table {
            for (command, expected) in [Complete, Abort, Close].into_iter().zip(row) {
                let decided = decide(command, process).map_err(|refusal| refusal.code());
                assert_eq!(decided, expected, "{command:?} on {process:?}");
            }
        }
    }

    #[test]
    fn a_command_that_took_effect_does_nothing_when_it_comes_again() {
        for process in [Requested, Aborted, Voided, Closed] {
            for command in [Complete, Abort, Close] {
                if let Ok(Effect::Become(next)) = decide(command, Some(process)) {
                    assert_eq!(decide(command, Some(next)), Ok(Effect::Nothing));
                }
            }
        }
    }

    #[test]
    fn only_what_is_missing_is_not_found() {
        assert_eq!(Refusal::ProcessNotFound.status(), StatusCode::NOT_FOUND);
        assert_eq!(Refusal::DocumentNotFound.status(), StatusCode::NOT_FOUND);
        assert_eq!(Refusal::ProcessClosed.status(), StatusCode::CONFLICT);
    }

    #[test]
    fn void_document_joins_the_open_process_or_starts_one() {
        assert_eq!(decide_void(DocumentStatus::Issued, None::<&str>), Ok(None));
        assert_eq!(decide_void(DocumentStatus::VoidingRequested, Some("p")), Ok(Some("p")));
        assert_eq!(decide_void(DocumentStatus::Issued, Some("aborted")), Ok(Some("aborted")));
        assert_eq!(decide_void(DocumentStatus::Voided, None::<&str>), Err(Refusal::DocumentAlreadyVoided));
    }
}
