//! V5: both apis, the run's own answer, its search attributes and the databases show the same state.

use serde_json::Value;

use super::{
    Found,
    words::{ENDED_BY_HAND, group, index, text, time},
};
use crate::evidence::Evidence;

const FIELDS: [&str; 5] = ["state", "process_id", "failure", "acknowledgement", "steps"];

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    let runs = group(&evidence.runs, "workflow");
    let documents = index(evidence.rows("billing.documents"), "document_id");
    let processes = index(evidence.rows("billing.processes"), "process_id");
    for (document, views) in group(&evidence.views, "document") {
        let workflow = format!("voiding-{document}");
        let latest = runs.get(workflow.as_str()).and_then(|runs| runs.iter().max_by_key(|run| time(&run["started"])));
        // Ended by hand when nothing was left to do: nobody has told the run how its process ended.
        if latest.is_some_and(|run| ENDED_BY_HAND.contains(&text(&run["status"]))) {
            continue;
        }
        let first = &views[0]["view"];
        for other in &views {
            same(document, first, &other["view"], text(&other["api"]), found);
            if !other["query"].is_null() {
                same(document, &other["view"], &other["query"], "the query", found);
            }
        }
        if let Some(run) = latest {
            let told = &run["attributes"]["VoidingState"];
            found.unless(*told == first["state"], "V5", document, || {
                format!("the search attribute says {told}, the api {}", first["state"])
            });
        }
        let process = processes.get(text(&first["process_id"])).map_or("unknown", |process| text(&process["state"]));
        let status = documents.get(document).map_or("unknown", |document| text(&document["status"]));
        found.unless(agree(text(&first["state"]), process, status), "V5", document, || {
            format!("the api says {}, Billing's process is {process}, its document {status}", first["state"])
        });
    }
}

fn same(document: &str, one: &Value, other: &Value, of: &str, found: &mut Found) {
    for field in FIELDS {
        found.unless(one[field] == other[field], "V5", document, || {
            format!("{field} is {} by api-1, and {} by {of}", one[field], other[field])
        });
    }
}

/// Returns whether the state of a process fits the rows of Billing.
fn agree(state: &str, process: &str, document: &str) -> bool {
    match state {
        "document-voided" => process == "voided" && document == "voided",
        "failure-acknowledged" => process == "closed" && document == "issued",
        "marking-document-as-voided-failed" => process == "aborted" && document == "issued",
        "voiding-requested" | "marking-document-as-voided-succeeded" => process == "requested",
        _ => false,
    }
}
