//! Reports, modelled on `services/reports/src/domain.rs` and its routes: one document in the reports of its customer.

use crate::{
    billing::{Effect, PROCESSES, Process},
    machine::Code,
    rules::{Rule, Rules},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Standing {
    /// Billing's log has not announced the document yet.
    Unknown,
    Open,
    Published,
}

/// Result of a process's marking, kept for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Marked,
    Unmarked,
    Refused(Code),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Reports {
    pub(crate) standing: Standing,
    pub(crate) marked_by: Option<Process>,
    pub(crate) outcomes: [Option<Outcome>; PROCESSES],
    /// Number of published reports whose totals include the document.
    pub(crate) counted: u8,
}

impl Reports {
    pub(crate) const NEW: Self =
        Self { standing: Standing::Unknown, marked_by: None, outcomes: [None; PROCESSES], counted: 0 };

    /// Returns whether the document counts, or will as soon as it is known.
    pub(crate) fn counts(&self) -> bool {
        self.counted > 0 || self.standing != Standing::Published && self.marked_by.is_none()
    }

    /// Handles DocumentIssued. An earlier mark remains in force.
    pub(crate) fn learn(&mut self) {
        if self.standing == Standing::Unknown {
            self.standing = Standing::Open;
        }
    }

    /// Publishes the report that contains the document, if it is open.
    pub(crate) fn publish(&mut self) {
        if self.standing == Standing::Open {
            self.standing = Standing::Published;
            self.counted += u8::from(self.marked_by.is_none() && self.counted < 2);
        }
    }

    pub(crate) fn mark(&mut self, process: Process, rules: Rules) -> Effect {
        let earlier = self.outcomes[usize::from(process)];
        let is_published = self.standing == Standing::Published && rules.has(Rule::PublishedIsRefused);
        match earlier {
            Some(Outcome::Marked) if is_published && !rules.has(Rule::OwnMarkComesFirst) => {
                return Effect::Refused(Code::ReportPublished);
            }
            Some(Outcome::Marked) if rules.has(Rule::MarkedOnce) => return Effect::Nothing,
            Some(Outcome::Unmarked) if rules.has(Rule::UnmarkedIsBarred) => {
                return Effect::Refused(Code::ProcessClosed);
            }
            Some(Outcome::Refused(code)) => return Effect::Refused(code),
            _ => (),
        }
        let refusal = match self.marked_by {
            Some(other) if other != process => Some(Code::MarkedByAnotherProcess),
            _ if is_published => Some(Code::ReportPublished),
            _ => None,
        };
        if let Some(code) = refusal {
            self.outcomes[usize::from(process)] = Some(Outcome::Refused(code));
            return Effect::Refused(code);
        }
        self.outcomes[usize::from(process)] = Some(Outcome::Marked);
        self.marked_by = Some(process);
        Effect::Taken
    }

    pub(crate) fn unmark(&mut self, process: Process, rules: Rules) -> Effect {
        let earlier = self.outcomes[usize::from(process)];
        let is_own = earlier == Some(Outcome::Marked);
        if matches!(earlier, None | Some(Outcome::Marked)) {
            self.outcomes[usize::from(process)] = Some(Outcome::Unmarked);
        }
        let takes_any = !rules.has(Rule::OwnMarkOnly) && self.marked_by.is_some();
        if !is_own && !takes_any {
            return Effect::Nothing;
        }
        self.marked_by = None;
        if self.standing == Standing::Published && rules.has(Rule::CountsInNext) {
            self.standing = Standing::Open;
        }
        if is_own { Effect::Taken } else { Effect::Nothing }
    }
}
