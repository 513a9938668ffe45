//! Answers to commands in tests.

use std::{cell::RefCell, collections::VecDeque, error::Error as StdError, time::Duration};

use process_manager_wire::tagged;
use serde::Serialize;

use super::run::{Answer, Questions};
use crate::manager::{Error, ProcessManager, Refusal};

/// Returns the answer that the command is accepted.
///
/// # Errors
/// None.
pub fn accepted<E: StdError + 'static>() -> Result<(), Error<E>> {
    Ok(())
}

/// Returns the answer that the command is refused with this code.
///
/// # Errors
/// [`Error::Refused`]
pub fn refused<E: StdError + 'static>(code: impl Into<String>) -> Result<(), Error<E>> {
    Err(Error::Refused(Refusal { code: code.into(), detail: "as the test wants it".to_owned() }))
}

/// Returns the answer that the command failed in as many attempts as its retry policy allows.
///
/// # Errors
/// [`Error::Dispatch`]
pub fn not_dispatched<E: StdError + 'static>() -> Result<(), Error<E>> {
    Err(Error::Dispatch("its receiver is unavailable".to_owned()))
}

/// Returns the answer that the event was not handled within `event_timeout`.
///
/// # Errors
/// [`Error::Timeout`]
pub fn timed_out<E: StdError + 'static>() -> Result<(), Error<E>> {
    Err(Error::Timeout(Duration::from_secs(1)))
}

/// Gives these answers one after the other; then everything is accepted.
pub(super) fn in_turn<M: ProcessManager>(
    answers: impl IntoIterator<Item = Result<(), Error<M::Error>>>,
) -> Box<Answer<M>> {
    let answers: RefCell<VecDeque<_>> = RefCell::new(answers.into_iter().collect());
    Box::new(move |_| answers.borrow_mut().pop_front().unwrap_or(Ok(())))
}

pub(super) fn answering<M: ProcessManager>(answer: impl Fn(&M::Command) -> M::Event + 'static) -> Box<Questions<M>>
where
    M::Event: Serialize,
{
    Box::new(move |command| {
        let event = answer(command);
        tagged(&event).unwrap_or_else(|| panic!("{event:?} is no enum tagged with type and data"))
    })
}
