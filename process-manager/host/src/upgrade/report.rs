//! The report of a check.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use super::{Finding, Verdict, examine::Examined, words};

/// How many instances are named for each kind of difference.
const NAMED: usize = 5;
/// How many kinds of differences are distinguished.
const MOST_KINDS: usize = 200;

/// The findings of a check, with similar instances grouped.
#[derive(Debug)]
pub struct Report {
    groups: BTreeMap<(Verdict, String, String), Group>,
    same: BTreeMap<String, usize>,
    examined: usize,
    compared: usize,
    not_compared: usize,
    /// An example for each process manager: the version of the state, the state, and the migrated state.
    migrated: BTreeMap<String, (u32, Value, Value)>,
    accepts_new_version: bool,
}

#[derive(Debug)]
struct Group {
    instances: usize,
    named: BTreeSet<String>,
    example: Finding,
}

impl Report {
    pub(super) fn new(accepts_new_version: bool) -> Self {
        Self {
            groups: BTreeMap::new(),
            same: BTreeMap::new(),
            examined: 0,
            compared: 0,
            not_compared: 0,
            migrated: BTreeMap::new(),
            accepts_new_version,
        }
    }

    pub(super) fn add(&mut self, examined: Examined) {
        self.examined += 1;
        match examined.is_compared {
            Some(true) => self.compared += 1,
            Some(false) => self.not_compared += 1,
            None => (),
        }
        let file = || examined.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (workflow_type, id) = examined.of.unwrap_or_else(|| ("a file".to_owned(), file()));
        if examined.findings.is_empty() {
            *self.same.entry(workflow_type.clone()).or_default() += 1;
        }
        if let Some(migrated) = examined.migrated {
            self.migrated.entry(workflow_type.clone()).or_insert(migrated);
        }
        for finding in examined.findings {
            self.find(&workflow_type, &id, finding);
        }
    }

    fn find(&mut self, workflow_type: &str, id: &str, finding: Finding) {
        let mut key = (finding.verdict, workflow_type.to_owned(), finding.what.clone());
        if self.groups.len() >= MOST_KINDS && !self.groups.contains_key(&key) {
            "more kinds of differences".clone_into(&mut key.2);
        }
        let new = || Group { instances: 0, named: BTreeSet::new(), example: finding };
        let group = self.groups.entry(key).or_insert_with(new);
        group.instances += 1;
        if group.named.len() < NAMED {
            group.named.insert(id.to_owned());
        }
    }

    /// Returns how many histories were examined.
    #[must_use]
    pub fn examined(&self) -> usize {
        self.examined
    }

    /// Returns an example of each kind of difference, the worst first, with the workflow type and how many instances
    /// have it.
    pub fn findings(&self) -> impl Iterator<Item = (&str, usize, &Finding)> {
        self.groups
            .iter()
            .map(|((_, workflow_type, _), group)| (workflow_type.as_str(), group.instances, &group.example))
    }

    /// Returns 0 if all instances would go on as they do; 1 if some would decide differently, or such events would be
    /// routed differently; 2 if some cannot continue or cannot be checked.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let counts = |verdict: &Verdict| !(self.accepts_new_version && *verdict == Verdict::NewVersion);
        let found = self.groups.keys().map(|(verdict, ..)| *verdict).filter(counts);
        found.map(Verdict::exit_code).max().unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for ((verdict, workflow_type, what), group) in &self.groups {
            if last.replace(*verdict) != Some(*verdict) {
                let is_accepted = self.accepts_new_version && *verdict == Verdict::NewVersion;
                writeln!(f, "{verdict}{}", if is_accepted { " (accepted)" } else { "" })?;
            }
            let named: Vec<&str> = group.named.iter().map(String::as_str).collect();
            let more = if group.instances > named.len() { ", …" } else { "" };
            writeln!(f, "  {workflow_type}: {} ({}{more})", count(group.instances), named.join(", "))?;
            writeln!(f, "    {what}")?;
            for (label, detail) in &group.example.details {
                for (number, line) in detail.lines().enumerate() {
                    writeln!(f, "      {:<7} {line}", if number == 0 { label } else { "" })?;
                }
            }
        }
        if !self.same.is_empty() {
            let same = self.same.iter().map(|(workflow_type, number)| format!("{workflow_type} {number}"));
            writeln!(f, "SAME\n  {}", same.collect::<Vec<_>>().join(", "))?;
        }
        for (workflow_type, (version, before, after)) in &self.migrated {
            writeln!(f, "MIGRATED, as an example\n  {workflow_type}: a state of version {version}")?;
            writeln!(f, "      from    {}\n      to      {}", words::json(before), words::json(after))?;
        }
        self.end(f)
    }
}

impl Report {
    fn end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let histories =
            if self.examined == 1 { "1 history was".to_owned() } else { format!("{} histories were", self.examined) };
        write!(f, "{histories} checked")?;
        if self.compared > 0 {
            write!(f, ", {} against the recorded decisions of the deployed code", self.compared)?;
        }
        if self.not_compared > 0 {
            let missing =
                "whose decisions the deployed code has not recorded: there the names of the commands alone count";
            write!(f, ", {} {missing}", self.not_compared)?;
        }
        write!(f, ". Exit code {}.", self.exit_code())
    }
}

fn count(instances: usize) -> String {
    match instances {
        1 => "1 instance".to_owned(),
        more => format!("{more} instances"),
    }
}
