//! V2, V2b and V8: Reports' totals, and the agreement of Billing and Reports.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Found,
    words::{currency, events, group, index, is_true, minor, number, text},
};
use crate::evidence::Evidence;

type Sums<'a> = BTreeMap<&'a str, i64>;

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    let reports = index(evidence.rows("reports.reports"), "report_id");
    let entries = group(evidence.rows("reports.report_documents"), "report_id");
    let counted = counted(evidence);
    for (id, report) in &reports {
        let sums = sums(entries.get(id).map_or(&[][..], Vec::as_slice));
        published(evidence, id, report, &sums, found);
    }
    let known: BTreeSet<&str> =
        evidence.rows("reports.report_documents").iter().map(|row| text(&row["document_id"])).collect();
    for document in evidence.rows("billing.documents") {
        let id = text(&document["document_id"]);
        let counts = counted.get(id).map_or(&[][..], Vec::as_slice);
        one(document, counts, known.contains(id), &reports, found);
    }
    marks(evidence, found);
}

/// Returns the rows of each document that count in a total.
fn counted(evidence: &Evidence) -> BTreeMap<&str, Vec<&Value>> {
    let mut counted: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in evidence.rows("reports.report_documents").iter().filter(|row| !is_true(&row["voided"])) {
        counted.entry(text(&row["document_id"])).or_default().push(row);
    }
    counted
}

fn sums<'a>(rows: &[&'a Value]) -> Sums<'a> {
    let mut sums = Sums::new();
    for row in rows.iter().filter(|row| !is_true(&row["voided"])) {
        *sums.entry(text(&row["currency"])).or_default() += number(&row["minor"]);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn totals(totals: &Value) -> Sums<'_> {
    let totals = totals.as_array().into_iter().flatten();
    totals.map(|total| (currency(total), minor(total))).filter(|(_, minor)| *minor != 0).collect()
}

/// Checks V8: what the route reports, and what the report's event said when it was published.
fn published(evidence: &Evidence, id: &str, report: &Value, sums: &Sums<'_>, found: &mut Found) {
    let told = evidence.rows("reports.told").iter().find(|told| told["report_id"] == id);
    let told = told.map(|told| totals(&told["totals"]));
    found.unless(told.as_ref() == Some(sums), "V8", id, || {
        format!("its totals are {told:?}, its documents that are not voided sum up to {sums:?}")
    });
    let published = events(evidence.log("reports"), "ReportPublished", "report_id");
    let published = published.get(id).map_or(&[][..], Vec::as_slice);
    let is_published = report["status"] == "published";
    found.unless(published.len() == usize::from(is_published), "V4", id, || {
        format!("{}, and published {} times by the log", report["status"], published.len())
    });
    for event in published {
        let told = totals(&event["data"]["totals"]);
        found.unless(told == *sums, "V8", id, || {
            format!("published with {told:?}, and now its documents sum up to {sums:?}")
        });
    }
}

fn one(document: &Value, counts: &[&Value], is_known: bool, reports: &BTreeMap<&str, &Value>, found: &mut Found) {
    let id = text(&document["document_id"]);
    found.unless(is_known, "V8", id, || "it is in no report".to_owned());
    found.unless(counts.len() <= 1, "V8", id, || format!("it counts {} times: {counts:?}", counts.len()));
    let is_voided = document["status"] == "voided";
    for row in counts {
        let report = reports.get(text(&row["report_id"]));
        let is_published = report.is_some_and(|report| report["status"] == "published");
        found.unless(!(is_voided && is_published), "V2", id, || {
            format!("it is voided in Billing and counts in the published report {}", row["report_id"])
        });
        let is_same = row["minor"] == document["minor"] && row["currency"] == document["currency"];
        found.unless(is_same, "V8", id, || format!("it counts with {row}, and is {document}"));
    }
    // While a process runs, the two may differ.
    if document["process_id"].is_null() {
        found.unless(is_voided == counts.is_empty(), "V2b", id, || {
            format!("it is {} in Billing and counts {} times in Reports", document["status"], counts.len())
        });
    }
}

/// Checks V2b: a mark stays only on a document that is voided or has an open process.
fn marks(evidence: &Evidence, found: &mut Found) {
    let documents = index(evidence.rows("billing.documents"), "document_id");
    for row in evidence.rows("reports.documents").iter().filter(|row| row["marked_by"].is_string()) {
        let id = text(&row["document_id"]);
        let holds = documents
            .get(id)
            .is_some_and(|document| document["status"] == "voided" || document["process_id"] == row["marked_by"]);
        found.unless(holds, "V2b", id, || {
            format!("marked by {}, and in Billing {:?}", row["marked_by"], documents.get(id))
        });
    }
}
