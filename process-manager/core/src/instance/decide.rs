//! Decisions about a failure: the process manager makes them, the instance carries them out.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{
    Instance, ParkedFailure, StalledCommand, command_name,
    handle::{call, check_commands},
};
use crate::{
    failure_code,
    limits::{self, DECISION_BYTES},
    manager::{
        CommandFailure, Decision, Error, Failure, FailureContext, OnError, Pending, ProcessManager, timer::Settled,
    },
};

/// The number of retries without a delay that are made at once.
const IMMEDIATE_RETRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A step that has been failing for this long shows as an incident when it fails again, whatever was decided about it.
const SHOWN_AFTER: TimeDelta = TimeDelta::seconds(10);

impl<M: ProcessManager> Instance<M> {
    /// Asks `on_error` about the failure of the current step, and carries out its decision.
    pub(super) fn failed(&mut self, error: Error<M::Error>, now: DateTime<Utc>) {
        let (cause, metadata) = match self.cause_in_hand() {
            Some(Ok(known)) => known,
            Some(Err(why)) => return self.park(failure_code::UNREADABLE, why, None, now),
            None => return,
        };
        let Some(work) = &mut self.work else { return };
        work.attempts = work.attempts.saturating_add(1);
        work.failing_since.get_or_insert(now);
        let is_command = matches!(error, Error::Refused(_) | Error::Dispatch(_) | Error::Timeout(_));
        let failed = work.pending.front().filter(|_| is_command).map(|(_, outgoing)| &outgoing.command);
        let context = FailureContext {
            error: &error,
            event: cause.event(),
            timer: cause.timer(),
            metadata: &metadata,
            pending: work.pending.iter().map(|(_, outgoing)| &outgoing.command).collect(),
            attempts: work.attempts,
            carried: &work.carried,
            process_id: &self.id,
            now,
            version: self.version,
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
                    parked.refusal = Some(refusal.within_limits());
                }
            }
            Ok(OnError(decision)) => match self.check_decision(&decision, now) {
                Ok(timers) => self.decided(decision, timers, &error, command, now),
                Err(unfit) => self.park(code(&unfit), format!("{unfit}; it was asked about: {error}"), command, now),
            },
            Err(panic) => self.park(failure_code::PANICKED, format!("{panic}, asked about: {error}"), command, now),
        }
    }

    /// Checks what a decision adds to the instance: no event contains it, so it travels from run to run. Returns the
    /// timer changes to make.
    fn check_decision(
        &self,
        decision: &Decision<M::Command>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Settled>, Error<M::Error>> {
        let before = self.work.as_ref().map(|work| work.timers.as_slice()).unwrap_or_default();
        let timers = match decision {
            Decision::Continue { commands, .. } => {
                self.timers.settle(before, commands.timers(), now).map_err(Error::InvalidTimer)?
            }
            _ => before.to_vec(),
        };
        let (commands, carried) = match decision {
            _ if !self.is_limited() => return Ok(timers),
            Decision::Retry { carried, .. } => (&[][..], carried),
            Decision::Continue { commands, carried } => (commands.as_slice(), carried),
            _ => return Ok(timers),
        };
        check_commands(commands)?;
        let check = |most, it| limits::check(it, most).map_err(|unfit| unfit.error("the decision of on_error"));
        let given = serde_json::to_value(commands).unwrap_or_default();
        check(DECISION_BYTES, &Value::Array(vec![given, carried.clone()])).map(|_| timers)
    }

    fn decided(
        &mut self,
        decision: Decision<M::Command>,
        timers: Vec<Settled>,
        error: &Error<M::Error>,
        command: Option<String>,
        now: DateTime<Utc>,
    ) {
        let is_limited = self.is_limited();
        let Some(work) = &mut self.work else { return };
        work.timers = timers;
        // Each attempt gets the event's whole time.
        work.deadline = None;
        match decision {
            Decision::Retry { after, carried } => {
                work.carried = carried;
                let pause = after.unwrap_or_default().max(pause_before(work.attempts));
                work.pause(pause, now);
                self.show_failing(error, command, now);
            }
            Decision::SkipEvent => self.finish(),
            Decision::SkipCommand(Pending::Continue) => work.drop_first(),
            Decision::SkipCommand(Pending::Discard) => work.replace(Vec::new()),
            Decision::Continue { commands, carried } => {
                work.carried = carried;
                work.stops |= commands.stops();
                work.replace(commands.into_inner());
                work.replacements = work.replacements.saturating_add(1);
                if is_limited {
                    work.pause(pause_before(work.replacements), now);
                }
                self.show_failing(error, command, now);
            }
            Decision::Stop { .. } => (),
        }
    }

    /// Shows a step that keeps failing as an incident, whatever `on_error` decides about it.
    fn show_failing(&mut self, error: &Error<M::Error>, command: Option<String>, now: DateTime<Utc>) {
        let Some(work) = self.work.as_ref().filter(|_| self.is_limited()) else { return };
        let Some(since) = work.failing_since.filter(|since| now - since >= SHOWN_AFTER) else { return };
        let detail = limits::cut(format!("has not succeeded yet, and is tried again; it failed with: {error}"));
        let command = command.unwrap_or_else(|| work.event().kind.clone());
        self.stalled = Some(StalledCommand { command, detail, since });
    }

    /// Parks the instance until an operator decides.
    pub(super) fn park(
        &mut self,
        code: impl Into<String>,
        detail: String,
        command: Option<String>,
        now: DateTime<Utc>,
    ) {
        self.failures = self.failures.wrapping_add(1);
        self.stalled = None;
        let (event, position, attempts) = match &mut self.work {
            Some(work) => {
                work.deadline = None;
                (work.event().kind.clone(), work.event().sequence, work.attempts)
            }
            None => match self.held_event() {
                Some(event) => (event.kind.clone(), event.sequence, 1),
                None => ("an event of the log".to_owned(), self.inbox.first_position().unwrap_or_default(), 1),
            },
        };
        self.parked = Some(ParkedFailure {
            failure_id: format!("{}/{}", self.id, self.failures),
            code: code.into(),
            detail: limits::cut(detail),
            event,
            position,
            command,
            refusal: None,
            attempts,
            at: now,
        });
    }
}

/// Retries are immediate at first. Then they get a growing pause, because nothing may spin in a workflow.
fn pause_before(attempts: u32) -> Duration {
    match attempts.checked_sub(IMMEDIATE_RETRIES) {
        None | Some(0) => Duration::ZERO,
        Some(more) => FIRST_PAUSE.saturating_mul(1 << more.min(16)).min(LONGEST_PAUSE),
    }
}

fn code<E: std::error::Error>(error: &Error<E>) -> String {
    let code = match error {
        Error::Refused(refusal) => return refusal.clone().within_limits().code,
        Error::Handle(_) => failure_code::HANDLE_FAILED,
        Error::Apply(_) => failure_code::APPLY_FAILED,
        Error::Panicked { .. } => failure_code::PANICKED,
        Error::Dispatch(_) => failure_code::NOT_DISPATCHED,
        Error::Timeout(_) => failure_code::TIMEOUT,
        Error::AlreadyStarted => failure_code::ALREADY_STARTED,
        Error::NotStarted => failure_code::NOT_STARTED,
        Error::TooLarge { .. } => failure_code::TOO_LARGE,
        Error::Unserializable { .. } => failure_code::UNSERIALIZABLE,
        Error::CommandsChanged { .. } => failure_code::COMMANDS_CHANGED,
        Error::InvalidTimer(_) => failure_code::INVALID_TIMER,
    };
    code.to_owned()
}
