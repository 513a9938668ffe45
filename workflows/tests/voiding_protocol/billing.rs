//! Billing, modelled on `services/billing/src/domain.rs` and `routes/void_document.rs`: one document and its processes.

use crate::{
    machine::{Code, Command},
    rules::{Rule, Rules},
};

/// Maximum number of processes.
pub(crate) const PROCESSES: usize = 3;
/// VoidDocuments: those of two clients, and that of a run that was started with the document alone.
pub(crate) const REQUESTS: usize = 3;

/// A process, numbered in the order in which Billing opened them.
pub(crate) type Process = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ProcessState {
    Requested,
    Aborted,
    Voided,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    Issued,
    VoidingRequested,
    Voided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Billing {
    pub(crate) processes: [Option<ProcessState>; PROCESSES],
    pub(crate) status: Status,
    /// The open process.
    pub(crate) open: Option<Process>,
    /// The process that answered each VoidDocument, under its idempotency key.
    pub(crate) keys: [Option<Process>; REQUESTS],
    /// The processes whose DocumentVoidingRequested is in the log, in the order of their numbers.
    pub(crate) logged: u8,
}

/// The effect of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It took effect: its event is in the log.
    Taken,
    /// It changed nothing, and is accepted.
    Nothing,
    Refused(Code),
}

/// The effect of VoidDocument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Void {
    Opened(Process),
    Joined(Process),
    Refused,
    /// The model has no room for another process.
    Full,
}

impl Billing {
    pub(crate) const NEW: Self =
        Self { processes: [None; PROCESSES], status: Status::Issued, open: None, keys: [None; REQUESTS], logged: 0 };

    /// Carries out VoidDocument. The idempotency key comes first.
    pub(crate) fn void(&mut self, request: usize, rules: Rules) -> Void {
        if let Some(process) = self.keys[request].filter(|_| rules.has(Rule::RequestedOnce)) {
            return Void::Joined(process);
        }
        if self.status == Status::Voided && rules.has(Rule::VoidedIsFinal) {
            return Void::Refused;
        }
        if let Some(open) = self.open.filter(|_| rules.has(Rule::OneOpenProcess)) {
            self.keys[request] = Some(open);
            return Void::Joined(open);
        }
        let Some(new) = self.processes.iter().position(Option::is_none) else { return Void::Full };
        let process = new as Process;
        self.keys[request] = Some(process);
        if rules.has(Rule::EventWithEffect) {
            self.logged |= 1 << process;
        }
        self.come_to(process, ProcessState::Requested);
        Void::Opened(process)
    }

    /// Carries out Complete, Abort and Close. The state decides before the idempotency key.
    pub(crate) fn end(&mut self, command: Command, process: Process, rules: Rules) -> Effect {
        use Command::{Abort, Close, Complete};
        use ProcessState::{Aborted, Closed, Requested, Voided};
        let state = self.processes[usize::from(process)];
        let next = match (state, command) {
            (Some(Requested), Complete) => Voided,
            (Some(Requested), Abort) if !rules.has(Rule::AbortedStaysOpen) => Closed,
            (Some(Requested), Abort) => Aborted,
            (Some(Aborted), Complete) if !rules.has(Rule::AbortFences) => Voided,
            (Some(Aborted), Complete) => return Effect::Refused(Code::Aborted),
            (Some(Aborted), Close) => Closed,
            (Some(Aborted), Abort) | (Some(Voided), Complete) | (Some(Closed), Close) => {
                let again = !rules.has(Rule::EndedOnce);
                return if again { Effect::Taken } else { Effect::Nothing };
            }
            (Some(Voided), Abort | Close) => return Effect::Refused(Code::DocumentAlreadyVoided),
            (Some(Closed) | None, Complete | Abort) => return Effect::Refused(Code::ProcessClosed),
            // `not-aborted` and `process-not-found`, which a run never meets.
            _ => return Effect::Refused(Code::Strange),
        };
        self.come_to(process, next);
        Effect::Taken
    }

    /// Moves a process to a state, and the document with it.
    fn come_to(&mut self, process: Process, state: ProcessState) {
        self.processes[usize::from(process)] = Some(state);
        (self.status, self.open) = match state {
            ProcessState::Requested => (Status::VoidingRequested, Some(process)),
            ProcessState::Aborted => (Status::Issued, Some(process)),
            ProcessState::Voided => (Status::Voided, None),
            ProcessState::Closed => (Status::Issued, None),
        };
    }
}
