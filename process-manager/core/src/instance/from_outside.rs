//! An instance whose run was ended from outside: an operator or Temporal ended the workflow, but not the instance.

use chrono::{DateTime, Utc};

use super::{Instance, ParkedFailure, command_name};
use crate::{failure_code, limits, manager::ProcessManager};

impl<M: ProcessManager> Instance<M> {
    /// Returns whether nothing is left to do: the instance has ended, or nothing has begun it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.work.is_none() && self.held.is_none() && self.inbox.is_empty() && (self.ended.is_some() || !self.started)
    }

    /// Parks the instance because its run was ended at this time; `how` says by whom. A retry goes on where the
    /// instance was.
    pub fn ended_from_outside(&mut self, how: &str, at: DateTime<Utc>) {
        self.failures = self.failures.wrapping_add(1);
        let before = self.parked.take();
        let command = before.as_ref().and_then(|failure| failure.command.clone());
        let work = self.work.as_mut();
        let at_hand = work.map(|work| {
            work.deadline = None;
            let command = work.pending.front().map(|(_, outgoing)| command_name(&outgoing.command));
            (work.event().kind.clone(), work.event().sequence, command, work.attempts)
        });
        let (event, position, next_command, attempts) = at_hand
            .unwrap_or_else(|| ("no event".to_owned(), self.inbox.first_position().unwrap_or_default(), None, 0));
        self.parked = Some(ParkedFailure {
            failure_id: format!("{}/{}", self.id, self.failures),
            code: failure_code::ENDED_FROM_OUTSIDE.to_owned(),
            detail: limits::cut(detail(how, before.as_ref())),
            event,
            position,
            command: command.or(next_command),
            refusal: before.and_then(|failure| failure.refusal),
            attempts,
            at,
        });
    }
}

/// Separates how the run was ended from why the instance had been parked.
const WAS_PARKED: &str = "; it was parked before: ";

fn detail(how: &str, before: Option<&ParkedFailure>) -> String {
    let was_parked = before.and_then(|before| match before.code.as_str() {
        // If a run is ended again and again, only the first reason is kept.
        failure_code::ENDED_FROM_OUTSIDE => before.detail.split_once(WAS_PARKED).map(|(_, why)| why.to_owned()),
        code => Some(format!("{}, {code}", before.detail)),
    });
    was_parked.map_or_else(|| how.to_owned(), |why| format!("{how}{WAS_PARKED}{why}"))
}
