//! Judges the evidence. Nothing here uses the system's types, only JSON and the rules of docs/CONTRACT.md.

mod answers;
mod contracts;
mod counts;
pub(crate) mod lines;
mod logs;
mod money;
mod reports;
mod runs;
mod views;
mod voidings;
mod waiting;
mod words;

use std::fmt;

use crate::evidence::Evidence;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// `V1` … `V9`, `money`, `contracts`, `counts`, `answers`, `unseen`, `log` or `program`.
    pub(crate) rule: &'static str,
    /// The document, transfer, contract, … in question.
    pub(crate) about: String,
    /// The observation.
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.rule, self.about, self.what)
    }
}

/// The broken rules found so far.
#[derive(Debug, Default)]
struct Found(Vec<Violation>);

impl Found {
    /// Records a broken rule unless `holds`.
    fn unless(&mut self, holds: bool, rule: &'static str, about: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Violation { rule, about: about.to_owned(), what: what() });
        }
    }

    fn add(&mut self, rule: &'static str, about: &str, what: impl Into<String>) {
        self.0.push(Violation { rule, about: about.to_owned(), what: what.into() });
    }
}

/// Returns every broken rule.
pub(crate) fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut found = Found::default();
    for rules in [
        logs::check,
        voidings::check,
        reports::check,
        views::check,
        runs::check,
        money::check,
        contracts::check,
        counts::check,
        answers::check,
        waiting::check,
        lines::check,
    ] {
        rules(evidence, &mut found);
    }
    found.0
}
