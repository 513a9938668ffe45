//! The result of a check: a verdict for each rule, and the evidence for broken rules.

use std::{collections::BTreeMap, fmt};

use crate::{Kind, Rule};

/// The reason why a rule is not checked if the check has ended early.
pub(crate) const NOT_FINISHED: &str = "the check could not be finished";
/// Maximum number of findings for each rule: the first ones say enough.
const MOST_FINDINGS: usize = 3;

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The requests that show it, as `curl` lines.
    pub sent: Vec<String>,
    /// The answer, or the part of the log, that the contract requires.
    pub expected: String,
    /// The actual answer or part of the log.
    pub got: String,
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
    /// The prefix of the ids that the kit has used.
    pub run: String,
    /// The reason why the check could not be finished, if it was not.
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

    /// Returns whether the check was finished and found no rule broken.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.ended.is_none() && self.broken().is_empty()
    }

    /// Returns how many rules are kept, broken and not checked.
    fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for verdict in self.verdicts.values() {
            counts[match verdict {
                Verdict::Kept => 0,
                Verdict::Broken(_) => 1,
                Verdict::NotChecked(_) => 2,
            }] += 1;
        }
        counts
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} at {}", self.kind, self.url)?;
        let mut unfinished = Vec::new();
        for (rule, verdict) in &self.verdicts {
            let rule_name = format!("{:<3} {}", rule.id(), rule.name());
            match verdict {
                Verdict::Kept => writeln!(f, "  kept         {rule_name}")?,
                Verdict::NotChecked(why) if why == NOT_FINISHED => unfinished.push(rule.id()),
                Verdict::NotChecked(why) => writeln!(f, "  not checked  {rule_name}: {why}")?,
                Verdict::Broken(findings) => {
                    writeln!(f, "  BROKEN       {rule_name}")?;
                    writeln!(f, "    The contract says: {}", rule.statement())?;
                    findings.iter().try_for_each(|finding| write!(f, "{finding}"))?;
                }
            }
        }
        if !unfinished.is_empty() {
            writeln!(f, "  not checked  {}", unfinished.join(", "))?;
        }
        if let Some(why) = &self.ended {
            writeln!(f, "  The check could not be finished: {why}")?;
        }
        let [kept, broken, not_checked] = self.counts();
        writeln!(f, "  {kept} rules kept, {broken} broken, {not_checked} not checked")?;
        writeln!(f, "  The kit's ids and keys begin with {}", self.run)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sent in &self.sent {
            writeln!(f, "    sent:     {sent}")?;
        }
        writeln!(f, "    expected: {}", self.expected)?;
        writeln!(f, "    got:      {}", self.got)
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
            Verdict::Broken(findings) if findings.len() == MOST_FINDINGS || findings.contains(&finding) => (),
            Verdict::Broken(findings) => findings.push(finding),
            verdict => *verdict = Verdict::Broken(vec![finding]),
        }
    }

    /// Marks a rule as not checked to its end: a check that ended early has not kept it.
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
