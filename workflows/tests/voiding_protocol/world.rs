//! The whole system: Billing, Reports, Temporal, and what is on its way between them.

use crate::{
    billing::{Billing, Effect, Process, ProcessState, Void},
    machine::{Command, End, Machine, Meant, Next, Part, Place},
    reports::Reports,
    rules::{Rule, Rules},
};

/// Number of the VoidDocument of a run that was started with the document alone.
pub(crate) const OF_THE_RUN: usize = 2;
/// Maximum number of runs. With all rules in force there is one.
pub(crate) const RUNS: usize = 2;

/// A run of the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// `None` until Billing has answered.
    pub(crate) process: Option<Process>,
    /// The state in Temporal's history.
    pub(crate) recorded: Place,
    /// The state in the worker's memory, within a workflow task.
    pub(crate) now: Place,
    /// An acknowledgement that came early and was kept, against the rule.
    pub(crate) early: bool,
}

/// How the last run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Last {
    None,
    /// *Completed*; `voided` is what its memo says.
    Completed {
        voided: bool,
    },
    Failed(Process),
    /// Terminated or cancelled, or it never had a process.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) billing: Billing,
    pub(crate) reports: Reports,
    pub(crate) runs: [Option<Run>; RUNS],
    pub(crate) last: Last,
    /// Position of the subscription in Billing's log: the next process whose event it delivers.
    pub(crate) position: Process,
    /// Commands that have been sent. Each may arrive at any later time, again and again.
    pub(crate) sent: u32,
    /// Commands that have taken effect.
    pub(crate) effects: u32,
    /// Whether a command has taken effect twice.
    pub(crate) twice: bool,
    /// VoidDocuments that have opened a process.
    pub(crate) requested: u8,
    /// Processes that a person has given up: by an acknowledgement, or by hand in Billing.
    pub(crate) given_up: u8,
    /// Whether an acknowledgement counted that should not have, or the other way round.
    pub(crate) miscounted: bool,
    /// Whether the operator's one run with the document alone was started.
    pub(crate) asked: bool,
    /// Whether a path was cut off for lack of room.
    pub(crate) cut_off: bool,
}

/// Returns the bit of a process's command in a set of commands.
pub(crate) fn bit(command: Command, process: Process) -> u32 {
    1 << (u32::from(process) * 6 + command as u32)
}

impl World {
    pub(crate) const NEW: Self = Self {
        billing: Billing::NEW,
        reports: Reports::NEW,
        runs: [None; RUNS],
        last: Last::None,
        position: 0,
        sent: 0,
        effects: 0,
        twice: false,
        requested: 0,
        given_up: 0,
        miscounted: false,
        asked: false,
        cut_off: false,
    };

    /// Lets VoidDocument arrive at Billing. Returns the process in the answer.
    pub(crate) fn void(&mut self, request: usize, rules: Rules) -> Option<Process> {
        match self.billing.void(request, rules) {
            Void::Opened(process) => {
                self.twice |= self.requested & 1 << request != 0;
                self.requested |= 1 << request;
                Some(process)
            }
            Void::Joined(process) => Some(process),
            Void::Refused => None,
            Void::Full => {
                self.cut_off = true;
                None
            }
        }
    }

    /// Lets a command of a process arrive at its service.
    pub(crate) fn arrive(&mut self, command: Command, process: Process, rules: Rules) -> Effect {
        let effect = match command {
            Command::Mark => self.reports.mark(process, rules),
            Command::Unmark => self.reports.unmark(process, rules),
            _ => self.billing.end(command, process, rules),
        };
        if effect == Effect::Taken {
            self.twice |= self.effects & bit(command, process) != 0;
            self.effects |= bit(command, process);
        }
        effect
    }

    /// Starts a run of a process, unless one runs or has completed.
    pub(crate) fn start(&mut self, process: Process, machine: &Machine, rules: Rules) {
        if !matches!(self.last, Last::Completed { .. }) {
            self.start_anew(process, machine, rules);
        }
    }

    fn start_anew(&mut self, process: Process, machine: &Machine, rules: Rules) {
        let is_free = self.runs.iter().all(Option::is_none) || !rules.has(Rule::OneRunPerDocument);
        if let Some(run) = self.runs.iter_mut().find(|run| run.is_none()).filter(|_| is_free) {
            let place = machine.started;
            *run = Some(Run { process: Some(process), recorded: place, now: place, early: false });
        }
    }

    /// Ensures that the document's open process runs: `process`, or whichever is open. Modelled on
    /// `voiding-client/src/ensure.rs`.
    pub(crate) fn ensure(&mut self, process: Option<Process>, machine: &Machine, rules: Rules) {
        let running = self.runs[0];
        if running.is_some_and(|run| process.is_some() && run.process == process) {
            return;
        }
        let Some(open) = self.billing.open.filter(|open| process.is_none_or(|process| process == *open)) else {
            return;
        };
        match running.map(|run| run.process) {
            Some(Some(other)) if other != open && rules.has(Rule::Recheck) => self.recheck(machine),
            // It has not asked Billing for its process yet, or it is the right one.
            Some(_) => (),
            None if self.last == (Last::Completed { voided: true }) => self.start_anew(open, machine, rules),
            None => self.start(open, machine, rules),
        }
    }

    /// A signal follows the workflow task under way: it cannot arrive before that task is recorded or lost.
    fn recheck(&mut self, machine: &Machine) {
        let Some(run) = &mut self.runs[0] else { return };
        if run.now == run.recorded {
            match machine.at(run.now).rechecked {
                Some(next) => (run.now, run.recorded) = (next, next),
                None => self.cut_off = true,
            }
        }
    }

    /// Delivers an operator's acknowledgement to a run.
    pub(crate) fn acknowledge(&mut self, slot: usize, meant: Meant, machine: &Machine, rules: Rules) {
        let Some(mut run) = self.runs[slot].filter(|run| run.now == run.recorded) else { return };
        let entry = machine.at(run.now);
        let arrives_as = if rules.has(Rule::FailureIsNamed) { meant } else { Meant::Any };
        let Some(next) = entry.acknowledged(arrives_as) else { return };
        let is_there = match meant {
            Meant::Any => entry.to_acknowledge.is_some(),
            Meant::Number(number) => entry.to_acknowledge == Some(number),
            Meant::OfAnotherProcess => false,
        };
        let counts = next != run.now;
        self.miscounted |= counts != is_there;
        run.early |= !counts && matches!(entry.next, Next::Send(_)) && !rules.has(Rule::EarlyIsDropped);
        (run.now, run.recorded) = (next, next);
        self.runs[slot] = Some(run);
        self.give_up(run.process.filter(|_| counts));
    }

    pub(crate) fn give_up(&mut self, process: Option<Process>) {
        self.given_up |= process.map_or(0, |process| 1 << process);
    }

    /// Records the workflow task under way: the run waits, goes on, or ends.
    pub(crate) fn record(&mut self, slot: usize, machine: &Machine, rules: Rules) {
        let Some(run) = &mut self.runs[slot] else { return };
        let entry = machine.at(run.now);
        run.recorded = run.now;
        if run.early && entry.to_acknowledge.is_some() {
            run.early = false;
            let next = entry.acknowledged(Meant::Any).unwrap();
            (run.now, run.recorded) = (next, next);
            self.miscounted = true;
        } else if entry.part == Part::Awaiting && !rules.has(Rule::FailureWaits) {
            let next = entry.acknowledged(Meant::Any).unwrap();
            (run.now, run.recorded) = (next, next);
        }
        if let (Next::End(end), process) = (entry.next, run.process) {
            self.runs[slot] = None;
            self.last = match (end, process) {
                (End::Voided, _) => Last::Completed { voided: true },
                (End::Acknowledged, _) if !rules.has(Rule::AcknowledgedFails) => Last::Completed { voided: false },
                (End::Acknowledged | End::ProcessClosed, Some(process)) => Last::Failed(process),
                _ => Last::Ended,
            };
        }
    }

    /// Returns whether each accepted request has ended, or waits visibly for an operator.
    pub(crate) fn is_settled(&self, machine: &Machine) -> bool {
        let waits = |process| {
            let run = self.runs.iter().flatten().find(|run| run.process == Some(process));
            run.is_some_and(|run| {
                let entry = machine.at(run.recorded);
                run.now == run.recorded && entry.next == Next::Wait && entry.is_visible
            })
        };
        (0..).zip(self.billing.processes).all(|(process, state)| match state {
            None | Some(ProcessState::Voided) => true,
            Some(ProcessState::Closed) => self.given_up & 1 << process != 0,
            Some(ProcessState::Requested | ProcessState::Aborted) => waits(process),
        })
    }
}
