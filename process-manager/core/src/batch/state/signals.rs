//! What operators signal to a batch.

use chrono::{DateTime, Utc};

use super::{BatchState, Cancel, Phase};
use crate::batch::{LimitsChange, Pause, PausedBy, UnfitLimits};

/// Why a signal changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ignored {
    /// The batch has ended.
    #[error("the batch has ended")]
    Ended,
    /// It is paused already, or not paused.
    #[error("{0}")]
    NothingToDo(&'static str),
    /// No batch can have these limits.
    #[error(transparent)]
    Unfit(#[from] UnfitLimits),
}

impl BatchState {
    /// Sends nothing new until it is resumed.
    ///
    /// # Errors
    /// [`Ignored`] where it is paused or has ended.
    pub fn pause(&mut self, now: DateTime<Utc>) -> Result<(), Ignored> {
        self.check_open()?;
        if self.pause.is_some() {
            return Err(Ignored::NothingToDo("the batch is paused already"));
        }
        self.pause = Some(Pause { by: PausedBy::Operator, detail: "paused by an operator".to_owned(), since: now });
        self.is_interrupted = true;
        Ok(())
    }

    /// Goes on after a pause.
    ///
    /// # Errors
    /// [`Ignored`] where it is not paused, or more has failed than is tolerated, or it has ended.
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

    /// Sends again what has failed, under the same idempotency keys, and then goes on.
    ///
    /// # Errors
    /// [`Ignored`] where nothing has failed, or it has ended.
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

    /// Ends it where it is. With undoing, each item of the pages that were begun is undone before.
    ///
    /// # Errors
    /// [`Ignored`] where it has ended.
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

    /// Changes its limits. It goes on if too much had failed and that is tolerated now.
    ///
    /// # Errors
    /// [`Ignored`] where no batch can have the limits, or it has ended.
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
