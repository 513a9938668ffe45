//! V1, V3, V4 and V6: each process of a document, from the logs of Billing and Reports.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Found,
    words::{group, index, is_accepted, may_have_happened, text},
};
use crate::evidence::Evidence;

/// What the logs say about a process.
#[derive(Debug, Default)]
struct Process<'a> {
    document: &'a str,
    steps: Vec<&'a str>,
    marking: Vec<&'a str>,
}

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    let processes = read(evidence);
    one_open_process_each(evidence, found);
    for (id, process) in &processes {
        each_effect_once(id, process, found);
        ends_or_waits(evidence, id, process, found);
        acknowledged_by_somebody(evidence, id, process, found);
    }
    accepted_requests(evidence, &processes, found);
    counted_acknowledgements(evidence, &processes, found);
    voided_once(evidence, found);
}

fn read(evidence: &Evidence) -> BTreeMap<&str, Process<'_>> {
    let mut processes: BTreeMap<&str, Process<'_>> = BTreeMap::new();
    for (service, log) in [("billing", evidence.log("billing")), ("reports", evidence.log("reports"))] {
        for event in log.iter().filter(|event| event["data"]["process_id"].is_string()) {
            let process = processes.entry(text(&event["data"]["process_id"])).or_default();
            process.document = text(&event["data"]["document_id"]);
            let steps = if service == "billing" { &mut process.steps } else { &mut process.marking };
            steps.push(text(&event["type"]));
        }
    }
    processes
}

/// Checks V1.
fn one_open_process_each(evidence: &Evidence, found: &mut Found) {
    for (document, processes) in group(evidence.rows("billing.processes"), "document_id") {
        let open = processes.iter().filter(|row| matches!(text(&row["state"]), "requested" | "aborted")).count();
        found.unless(open <= 1, "V1", document, || format!("it has {open} open processes"));
    }
}

/// Checks V4: each step happens once, and in an order that the contract allows.
fn each_effect_once(id: &str, process: &Process<'_>, found: &mut Found) {
    let allowed: [&[&str]; 5] = [
        &["DocumentVoidingRequested"],
        &["DocumentVoidingRequested", "DocumentVoided"],
        &["DocumentVoidingRequested", "DocumentVoidingAborted"],
        &["DocumentVoidingRequested", "DocumentVoidingAborted", "DocumentVoidingClosed"],
        &[],
    ];
    found.unless(allowed.contains(&process.steps.as_slice()), "V4", id, || {
        format!("of {}: Billing recorded {:?}", process.document, process.steps)
    });
    let marked: [&[&str]; 5] = [
        &[],
        &["MarkingDocumentAsVoidedSucceeded"],
        &["MarkingDocumentAsVoidedFailed"],
        &["MarkingDocumentAsVoidedSucceeded", "DocumentUnmarkedAsVoided"],
        &["DocumentUnmarkedAsVoided"],
    ];
    found.unless(marked.contains(&process.marking.as_slice()), "V4", id, || {
        format!("of {}: Reports recorded {:?}", process.document, process.marking)
    });
    let is_voided = process.steps.contains(&"DocumentVoided");
    found.unless(!is_voided || process.marking == ["MarkingDocumentAsVoidedSucceeded"], "V4", id, || {
        format!("{} is voided, and Reports recorded {:?}", process.document, process.marking)
    });
    found
        .unless(!process.steps.is_empty(), "V4", id, || "Reports knows a process that Billing never opened".to_owned());
}

/// Checks V3.
fn ends_or_waits(evidence: &Evidence, id: &str, process: &Process<'_>, found: &mut Found) {
    if process.steps.iter().any(|step| matches!(*step, "DocumentVoided" | "DocumentVoidingClosed")) {
        return;
    }
    let workflow = format!("voiding-{}", process.document);
    let run = evidence.runs.iter().find(|run| {
        run["workflow"] == workflow.as_str() && run["status"] == "RUNNING" && run["attributes"]["ProcessId"] == id
    });
    let is_seen = run.is_some_and(|run| run["attributes"]["NeedsAttention"] == true);
    found.unless(is_seen, "V3", id, || {
        format!("of {}: neither ended nor waits visibly after {:?}; run: {run:?}", process.document, process.steps)
    });
}

/// Checks V6: nothing is closed that nobody can have acknowledged.
fn acknowledged_by_somebody(evidence: &Evidence, id: &str, process: &Process<'_>, found: &mut Found) {
    if !process.steps.contains(&"DocumentVoidingClosed") {
        return;
    }
    let path = format!("/voidings/{}/acknowledgement", process.document);
    let by_somebody =
        evidence.asked("acknowledge").any(|line| line["path"] == path.as_str() && may_have_happened(line));
    found.unless(by_somebody, "V6", id, || format!("of {}: closed, and nobody acknowledged it", process.document));
    let has_failed = process.marking.contains(&"MarkingDocumentAsVoidedFailed");
    found.unless(has_failed, "V6", id, || format!("of {}: closed without a failure", process.document));
}

/// Checks V3: what was accepted is there, under the process that the answer named.
fn accepted_requests(evidence: &Evidence, processes: &BTreeMap<&str, Process<'_>>, found: &mut Found) {
    for line in evidence.asked("void").filter(|line| is_accepted(line)) {
        let (document, id) = (text(&line["body"]["document_id"]), text(&line["answer"]["process_id"]));
        let is_there = processes.get(id).is_some_and(|process| process.document == document);
        found.unless(is_there, "V3", document, || format!("accepted under {id:?}, which no log knows: {line}"));
    }
}

/// Checks V6: an accepted acknowledgement ends its process, unless somebody has ended the run by hand.
fn counted_acknowledgements(evidence: &Evidence, processes: &BTreeMap<&str, Process<'_>>, found: &mut Found) {
    for line in evidence.asked("acknowledge").filter(|line| is_accepted(line)) {
        let id = text(&line["answer"]["process_id"]);
        let Some(process) = processes.get(id) else {
            found.add("V6", id, format!("acknowledged, and no log knows it: {line}"));
            continue;
        };
        let run = format!("/workflows/voiding-{}/", process.document);
        let by_hand = evidence.asked("end-run").any(|line| text(&line["path"]).starts_with(&run));
        let is_closed = process.steps.contains(&"DocumentVoidingClosed");
        found.unless(is_closed || by_hand, "V6", id, || {
            format!("of {}: acknowledged, and not closed", process.document)
        });
    }
}

fn voided_once(evidence: &Evidence, found: &mut Found) {
    let documents = index(evidence.rows("billing.documents"), "document_id");
    let mut voided: BTreeMap<&str, usize> = BTreeMap::new();
    for event in evidence.log("billing") {
        let document = text(&event["data"]["document_id"]);
        match text(&event["type"]) {
            "DocumentVoided" => *voided.entry(document).or_default() += 1,
            "DocumentVoidingRequested" => {
                let is_late = voided.contains_key(document);
                found.unless(!is_late, "V4", document, || "a voiding began after it was voided".to_owned());
            }
            _ => (),
        }
    }
    for (document, row) in documents {
        let (times, is_voided) = (voided.get(document).copied().unwrap_or_default(), row["status"] == "voided");
        found.unless(times == usize::from(is_voided), "V4", document, || {
            format!("{}, and voided {times} times by the log", Value::from(text(&row["status"])))
        });
    }
}
