//! Decisions about a failure: the process manager makes them, the instance carries them out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use process_manager_wire::Position;

use super::{Instance, ParkedFailure, command_name, delta, handle::call};
use crate::{
    failure_code,
    manager::{CommandFailure, Decision, Error, Failure, FailureContext, OnError, Pending, ProcessManager},
};

/// Retries without a delay that are made at once.
const IMMEDIATE_RETRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl<M: ProcessManager> Instance<M> {
    /// Asks `on_error` about the failure of the current step, and carries out its decision.
    pub(super) fn failed(&mut self, error: Error<M::Error>, now: DateTime<Utc>) {
        let (event, metadata) = match self.event_in_hand() {
            Some(Ok(known)) => known,
            Some(Err(why)) => return self.park(failure_code::UNREADABLE.to_owned(), why, None, now),
            None => return,
        };
        let Some(work) = &mut self.work else { return };
        work.attempts += 1;
        let is_command = matches!(error, Error::Refused(_) | Error::Dispatch(_) | Error::Timeout(_));
        let failed = work.pending.front().filter(|_| is_command).map(|(_, outgoing)| &outgoing.command);
        let context = FailureContext {
            error: &error,
            event: &event,
            metadata: &metadata,
            pending: work.pending.iter().map(|(_, outgoing)| &outgoing.command).collect(),
            attempts: work.attempts,
            carried: &work.carried,
        };
        let failure = match failed {
            Some(command) => Failure::Command(CommandFailure { context, command }),
            None => Failure::Event(context),
        };
        let command = failed.map(command_name);
        let state = &self.state;
        match call::<_, M::Error>("on_error", || state.on_error(failure)) {
            Ok(OnError(Decision::Stop { reason })) => {
                let detail = reason.map_or_else(|| error.to_string(), |reason| format!("{reason}: {error}"));
                self.park(code(&error), detail, command, now);
                if let (Some(parked), Error::Refused(refusal)) = (&mut self.parked, error) {
                    parked.refusal = Some(refusal);
                }
            }
            Ok(OnError(decision)) => self.decided(decision, now),
            Err(panic) => {
                self.park(failure_code::PANICKED.to_owned(), format!("{panic}, asked about: {error}"), command, now)
            }
        }
    }

    fn decided(&mut self, decision: Decision<M::Command>, now: DateTime<Utc>) {
        let Some(work) = &mut self.work else { return };
        // Each attempt has the event's whole time.
        work.deadline = None;
        match decision {
            Decision::Retry { after, carried } => {
                work.carried = carried;
                let pause = after.unwrap_or_default().max(pause_before(work.attempts));
                work.wait_until = now.checked_add_signed(delta(pause)).filter(|time| *time > now);
            }
            Decision::SkipEvent => self.finish(),
            Decision::SkipCommand(Pending::Continue) => work.drop_first(),
            Decision::SkipCommand(Pending::Discard) => work.replace(Vec::new()),
            Decision::Continue { commands, carried } => {
                work.carried = carried;
                work.replace(commands.into_inner());
            }
            Decision::Stop { .. } => (),
        }
    }

    /// Parks the instance until an operator decides.
    pub(super) fn park(&mut self, code: String, detail: String, command: Option<String>, now: DateTime<Utc>) {
        self.failures += 1;
        let Some(work) = &mut self.work else { return };
        work.deadline = None;
        self.parked = Some(ParkedFailure {
            failure_id: format!("{}/{}", self.id, self.failures),
            code,
            detail,
            event: work.event().kind.clone(),
            position: work.event().sequence,
            command,
            refusal: None,
            attempts: work.attempts,
            at: now,
        });
    }

    /// Parks the instance because the next event cannot be read.
    pub(super) fn park_without_event(&mut self, position: Position, detail: String, now: DateTime<Utc>) {
        self.failures += 1;
        self.parked = Some(ParkedFailure {
            failure_id: format!("{}/{}", self.id, self.failures),
            code: failure_code::UNREADABLE.to_owned(),
            detail,
            event: "an event of the log".to_owned(),
            position,
            command: None,
            refusal: None,
            attempts: 1,
            at: now,
        });
    }
}

/// An immediate retry is one at first; then it gets a pause that grows, for nothing may spin in a workflow.
fn pause_before(attempts: u32) -> Duration {
    match attempts.checked_sub(IMMEDIATE_RETRIES) {
        None | Some(0) => Duration::ZERO,
        Some(more) => FIRST_PAUSE.saturating_mul(1 << more.min(16)).min(LONGEST_PAUSE),
    }
}

fn code<E: std::error::Error>(error: &Error<E>) -> String {
    match error {
        Error::Refused(refusal) => &refusal.code,
        Error::Handle(_) => failure_code::HANDLE_FAILED,
        Error::Apply(_) => failure_code::APPLY_FAILED,
        Error::Panicked { .. } => failure_code::PANICKED,
        Error::Dispatch(_) => failure_code::NOT_DISPATCHED,
        Error::Timeout(_) => failure_code::TIMEOUT,
        Error::AlreadyStarted => failure_code::ALREADY_STARTED,
        Error::NotStarted => failure_code::NOT_STARTED,
    }
    .to_owned()
}
