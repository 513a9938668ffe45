//! V1 and V9, from the runs and histories of Temporal; V7, from the commands that workers sent.

use std::collections::BTreeMap;

use super::{
    Found,
    words::{ENDED_BY_HAND, group, is_accepted, text, time},
};
use crate::evidence::Evidence;

/// Failed workflow tasks that are not faults: the server requests the task again.
const HARMLESS: [&str; 3] = ["UNHANDLED_COMMAND", "RESET_STICKY_TASK_QUEUE", "FORCE_CLOSE_COMMAND"];
pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    one_run_at_a_time(evidence, found);
    for run in &evidence.runs {
        let (id, status) = (text(&run["workflow"]), text(&run["status"]));
        // The clients end only the runs of voidings.
        let is_bad = status == "TIMED_OUT" || (ENDED_BY_HAND.contains(&status) && !id.starts_with("voiding-"));
        found.unless(!is_bad, "V9", id, || format!("its run is {status}"));
        let is_voiding = run["type"] == "DocumentVoiding";
        found.unless(status != "FAILED" || is_voiding, "V9", id, || "its run has failed".to_owned());
    }
    for task in &evidence.failed_tasks {
        let cause = text(&task["cause"]).trim_start_matches("WORKFLOW_TASK_FAILED_CAUSE_");
        found.unless(HARMLESS.contains(&cause), "V9", text(&task["workflow"]), || {
            format!("a workflow task has failed: {cause}: {}", task["message"])
        });
    }
    for line in evidence.asked("malformed").filter(|line| is_accepted(line)) {
        found.add("V9", text(&line["path"]), format!("a malformed request was accepted: {line}"));
    }
    for command in &evidence.commands {
        let body = &command["body"];
        let process = body.get("process_id").or_else(|| body.get("transfer_id")).unwrap_or(&command["correlation"]);
        let holds = command["correlation"].is_string() && command["correlation"] == *process;
        found.unless(holds, "V7", text(&command["path"]), || {
            format!("the command names no process, or another: {command}")
        });
        found.unless(command["key"].is_string(), "V4", text(&command["path"]), || format!("it has no key: {command}"));
    }
}

/// Checks V1: the runs of a workflow follow each other, and a process completes once. (A run that begins late may find
/// its process closed: it fails.)
/// closed: it fails.)
fn one_run_at_a_time(evidence: &Evidence, found: &mut Found) {
    for (id, mut runs) in group(&evidence.runs, "workflow") {
        if id.starts_with("subscription-") {
            continue;
        }
        runs.sort_by_key(|run| time(&run["started"]));
        for pair in runs.windows(2) {
            // A run that continues another one begins as that one ends.
            if pair[0]["status"] == "CONTINUED_AS_NEW" {
                continue;
            }
            let overlaps = pair[0]["status"] == "RUNNING" || time(&pair[0]["closed"]) > time(&pair[1]["started"]);
            found.unless(!overlaps, "V1", id, || format!("two runs at the same time: {} and {}", pair[0], pair[1]));
        }
        let mut ended: BTreeMap<&str, usize> = BTreeMap::new();
        for run in runs.iter().filter(|run| run["status"] == "COMPLETED" && run["type"] == "DocumentVoiding") {
            *ended.entry(text(&run["attributes"]["ProcessId"])).or_default() += 1;
        }
        for (process, ends) in ended.into_iter().filter(|(process, _)| !process.is_empty()) {
            found.unless(ends <= 1, "V1", id, || format!("process {process} has completed {ends} times"));
        }
    }
}
