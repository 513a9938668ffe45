//! The result of a check: a verdict for each rule, a line for each verdict.

use std::{collections::BTreeMap, fmt};

use crate::{Kind, Rule};

/// Findings that a rule keeps: the first ones say enough.
const MOST_FINDINGS: usize = 3;

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What the contract expects.
    pub expected: String,
    /// The answer, or the part of the log that differs.
    pub came: String,
    /// The request, as a line of `curl`.
    pub request: String,
}

/// The verdict about one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The service keeps it, as far as the kit sees.
    Kept,
    /// The service breaks it, in at least one place.
    Broken(Vec<Finding>),
    /// The kit could not find out, for this reason.
    NotChecked(String),
}

/// The verdicts about one service.
#[derive(Debug, Clone)]
pub struct Report {
    /// The service.
    pub kind: Kind,
    /// Its address, without credentials.
    pub url: String,
    /// The beginning of the ids that the kit has used.
    pub run: String,
    /// Why the check ended early, if it did.
    pub ended: Option<String>,
    /// The verdict about each rule.
    pub verdicts: BTreeMap<Rule, Verdict>,
}

impl Report {
    /// Returns the ids of the rules that are broken.
    #[must_use]
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = self.verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Broken(_)));
        broken.map(|(rule, _)| rule.id()).collect()
    }

    /// Returns whether the check came to its end and found no rule broken.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.ended.is_none() && self.broken().is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} at {}; ids of the kit begin with {}", self.kind, self.url, self.run)?;
        for (rule, verdict) in &self.verdicts {
            let rule = format!("{} {}", rule.id(), rule.name());
            match verdict {
                Verdict::Kept => writeln!(f, "  {rule:<24} ok")?,
                Verdict::NotChecked(why) => writeln!(f, "  {rule:<24} not checked ({why})")?,
                Verdict::Broken(findings) => {
                    for Finding { expected, came, request } in findings {
                        writeln!(f, "  {rule:<24} BROKEN: expected {expected}; came {came}; {request}")?;
                    }
                }
            }
        }
        match &self.ended {
            Some(why) => writeln!(f, "  the check ended early: {why}"),
            None => Ok(()),
        }
    }
}

/// The verdicts while a check runs.
#[derive(Debug, Default)]
pub(crate) struct Verdicts(BTreeMap<Rule, Verdict>);

impl Verdicts {
    pub(crate) fn kept(&mut self, rule: Rule) {
        self.0.entry(rule).or_insert(Verdict::Kept);
    }

    pub(crate) fn skip(&mut self, rule: Rule, why: &str) {
        self.0.entry(rule).or_insert_with(|| Verdict::NotChecked(why.to_owned()));
    }

    pub(crate) fn broken(&mut self, rule: Rule, finding: Finding) {
        match self.0.entry(rule).or_insert(Verdict::Kept) {
            Verdict::Broken(findings) if findings.len() < MOST_FINDINGS => findings.push(finding),
            Verdict::Broken(_) => (),
            verdict => *verdict = Verdict::Broken(vec![finding]),
        }
    }

    /// A check that ended early has not kept a rule to its end.
    pub(crate) fn cut(&mut self, rule: Rule, why: &str) {
        let verdict = self.0.entry(rule).or_insert(Verdict::Kept);
        if *verdict == Verdict::Kept {
            *verdict = Verdict::NotChecked(why.to_owned());
        }
    }

    pub(crate) fn into_map(self) -> BTreeMap<Rule, Verdict> {
        self.0
    }
}
