//! The figures of a run, and the checker's findings.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::{checker::Violation, evidence::Evidence, nemesis::Tally, plan::Plan, system::System};

/// After such an end another run of the process follows.
const OTHERS_FOLLOW: [&str; 3] = ["CONTINUED_AS_NEW", "TERMINATED", "CANCELED"];
/// Maximum number of violations to show.
const SHOWN: usize = 40;

/// A run, in figures.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    took: Duration,
    worked: Duration,
    plan: String,
    harm: BTreeMap<&'static str, u64>,
    kills: BTreeMap<&'static str, u64>,
    starts: u64,
    own_ends: usize,
    processes: BTreeMap<String, u64>,
    events: BTreeMap<String, usize>,
    requests: [u64; 4],
    violations: Vec<Violation>,
}

impl Report {
    pub(crate) fn new(
        plan: &Plan,
        system: &System,
        tally: &Tally,
        evidence: &Evidence,
        violations: Vec<Violation>,
        took: Duration,
    ) -> Self {
        let mut requests = [0; 4];
        for line in &evidence.history {
            let place = match line["status"].as_u64() {
                Some(200..300) => 1,
                Some(_) => 2,
                None => 3,
            };
            requests[0] += 1;
            requests[place] += 1;
        }
        Self {
            seed: plan.seed,
            took,
            worked: plan.time,
            plan: plan.describe(),
            harm: tally.counts(),
            kills: system.slots.values().map(|slot| (slot.name, slot.kills())).collect(),
            starts: system.slots.values().map(|slot| slot.starts()).sum(),
            own_ends: evidence.ends.len(),
            processes: processes(evidence),
            events: evidence.events.iter().map(|(service, log)| (service.clone(), log.len())).collect(),
            requests,
            violations,
        }
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Returns the number of processes by the type of their runs. Each process id counts once, however often its run was
/// continued or brought back.
fn processes(evidence: &Evidence) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let firsts = evidence.runs.iter().filter(|run| {
        let is_process = run["attributes"]["ProcessId"].is_string() || run["type"] == "Batch";
        is_process && !OTHERS_FOLLOW.iter().any(|status| run["status"] == *status)
    });
    for run in firsts {
        *counts.entry(run["type"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    counts
}

fn list<K: fmt::Display, V: fmt::Display>(counts: &BTreeMap<K, V>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seed, worked, took) = (self.seed, self.worked.as_secs(), self.took.as_secs());
        writeln!(f, "chaos: seed {seed}, {worked} s of faults, {took} s in all; {}", self.plan)?;
        writeln!(f, "  harm: {}", list(&self.harm))?;
        let kills: u64 = self.kills.values().sum();
        writeln!(
            f,
            "  kills: {kills} ({}); {} starts, {} ends of their own",
            list(&self.kills),
            self.starts,
            self.own_ends
        )?;
        let processes: u64 = self.processes.values().sum();
        writeln!(f, "  processes: {processes} ({})", list(&self.processes))?;
        writeln!(f, "  events: {}", list(&self.events))?;
        let [asked, accepted, refused, unknown] = self.requests;
        writeln!(f, "  requests: {asked}: {accepted} accepted, {refused} refused, {unknown} without a final answer")?;
        writeln!(f, "  broken rules: {}", self.violations.len())?;
        for violation in self.violations.iter().take(SHOWN) {
            writeln!(f, "    {violation}")?;
        }
        Ok(())
    }
}
