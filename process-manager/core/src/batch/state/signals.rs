//! Operators' signals to a batch.

use chrono::{DateTime, Utc};

use super::{BatchState, Cancel, Phase};
use crate::batch::{LimitsChange, Pause, PausedBy, UnfitLimits};

/// The reason why a signal changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ignored {
    /// The batch has ended.
    #[error("the batch has ended")]
    Ended,
    /// The batch is already paused, or is not paused.
    #[error("{0}")]
    NothingToDo(&'static str),
    /// No batch can have these limits.
    #[error(transparent)]
    Unfit(#[from] UnfitLimits),
}

impl BatchState {
    /// Pauses the batch: it sends nothing new until it is resumed.
    ///
    /// # Errors
    /// [`Ignored`] if it is already paused or has ended.
    pub fn pause(&mut self, now: DateTime<Utc>) -> Result<(), Ignored> {
        self.check_open()?;
        if self.pause.is_some() {
            return Err(Ignored::NothingToDo("the batch is paused already"));
        }
        self.pause = Some(Pause { by: PausedBy::Operator, detail: "paused by an operator".to_owned(), since: now });
        self.is_interrupted = true;
        Ok(())
    }

    /// Resumes the batch after a pause.
    ///
    /// # Errors
    /// [`Ignored`] if it is not paused, if more items have failed than are tolerated, or if it has ended.
    pub fn resume(&mut self) -> Result<(), Ignored> {
        self.check_open()?;
        match self.pause.as_ref().map(|pause| pause.by) {
            None => Err(Ignored::NothingToDo("the batch is not paused")),
            Some(PausedBy::Failures) => {
                Err(Ignored::NothingToDo("more has failed than is tolerated: raise the limit, retry or cancel"))
            }
            Some(PausedBy::Operator | PausedBy::Source | PausedBy::Ended) => {
                self.pause = None;
                Ok(())
            }
        }
    }

    /// Sends failed items again under the same idempotency keys, and then goes on.
    ///
    /// # Errors
    /// [`Ignored`] if nothing has failed, or it has ended.
    pub fn retry(&mut self) -> Result<(), Ignored> {
        self.check_open()?;
        if self.failed.is_empty() && self.kept.is_empty() {
            return Err(Ignored::NothingToDo("nothing has failed"));
        }
        self.retries = true;
        self.is_interrupted = true;
        self.pause = self.pause.take().filter(|pause| pause.by == PausedBy::Operator);
        Ok(())
    }

    /// Ends the batch where it is. With undoing, it first undoes each item of the pages that were begun.
    ///
    /// # Errors
    /// [`Ignored`] if it has ended.
    pub fn cancel(&mut self, undoes: bool) -> Result<(), Ignored> {
        self.check_open()?;
        if self.phase == Phase::Undoing && undoes {
            return Err(Ignored::NothingToDo("the batch is being cancelled already"));
        }
        self.cancels = Some(Cancel { undoes });
        self.pause = None;
        self.is_interrupted = true;
        Ok(())
    }

    /// Changes the batch's limits. A batch that was paused for too many failures goes on if they are now tolerated.
    ///
    /// # Errors
    /// [`Ignored`] if no batch can have the limits, or it has ended.
    pub fn change(&mut self, change: LimitsChange) -> Result<(), Ignored> {
        self.check_open()?;
        let limits = self.limits.changed(change)?;
        self.is_interrupted |= limits != self.limits;
        self.limits = limits;
        self.pause = self.pause.take().filter(|pause| pause.by != PausedBy::Failures || self.is_exceeded());
        Ok(())
    }

    fn check_open(&self) -> Result<(), Ignored> {
        match self.phase {
            Phase::Sending | Phase::Undoing => Ok(()),
            Phase::Completed | Phase::Cancelled => Err(Ignored::Ended),
        }
    }
}
