//! Planted faults of documents and their voidings.

use serde_json::{Value, json};

use super::{finds, lose_event, record, repeat, request, row, run};

#[test]
fn v1_two_open_processes_two_runs_at_a_time_and_two_ends_are_found() {
    finds("V1", "D3", |evidence| {
        let other = json!({"process_id": "P4", "document_id": "D3", "state": "requested"});
        evidence.tables.get_mut("billing.processes").unwrap().push(other);
    });
    finds("V1", "voiding-D3", |evidence| {
        let mut second = run(evidence, "voiding-D3").clone();
        second["started"] = "2026-01-01T00:00:02Z".into();
        evidence.runs.push(second);
    });
    finds("V1", "voiding-D1", |evidence| {
        let mut second = run(evidence, "voiding-D1").clone();
        second["started"] = "2026-01-01T00:00:02Z".into();
        evidence.runs.push(second);
    });
}

#[test]
fn v2_a_document_that_is_voided_and_counts_in_a_published_report_is_found() {
    finds("V2", "D2", |evidence| row(evidence, "billing.documents", "document_id", "D2")["status"] = "voided".into());
}

#[test]
fn v2b_a_document_that_is_voided_in_one_service_only_is_found() {
    finds("V2b", "D1", |evidence| row(evidence, "billing.documents", "document_id", "D1")["status"] = "issued".into());
    finds("V2b", "D2", |evidence| row(evidence, "reports.documents", "document_id", "D2")["marked_by"] = "P2".into());
}

#[test]
fn v3_an_accepted_voiding_that_vanished_and_one_that_waits_unseen_are_found() {
    finds("V3", "D1", |evidence| request(evidence, "void", "D1")["answer"]["process_id"] = "P9".into());
    finds("V3", "P1", |evidence| lose_event(evidence, "billing", "DocumentVoided", "P1"));
    finds("V3", "P3", |evidence| run(evidence, "voiding-D3")["attributes"]["NeedsAttention"] = false.into());
    finds("V3", "P3", |evidence| run(evidence, "voiding-D3")["status"] = "TERMINATED".into());
}

#[test]
fn v4_an_effect_that_came_twice_or_in_the_wrong_order_is_found() {
    finds("V4", "P1", |evidence| repeat(evidence, "billing", "DocumentVoided", "P1"));
    finds("V4", "P2", |evidence| repeat(evidence, "reports", "MarkingDocumentAsVoidedFailed", "P2"));
    finds("V4", "P1", |evidence| lose_event(evidence, "reports", "MarkingDocumentAsVoidedSucceeded", "P1"));
    finds("V4", "D1", |evidence| {
        let data = json!({"document_id": "D1", "customer_id": "ada", "process_id": "P9"});
        record(evidence, "billing", "DocumentVoidingRequested", "P9", data);
    });
    finds("V4", "R1", |evidence| repeat(evidence, "reports", "ReportPublished", "R1"));
}

#[test]
fn v5_a_view_that_tells_another_state_is_found() {
    finds("V5", "D1", |evidence| evidence.views[1]["view"]["state"] = "voiding-requested".into());
    finds("V5", "D1", |evidence| evidence.views[0]["query"]["process_id"] = "P9".into());
    finds("V5", "D3", |evidence| run(evidence, "voiding-D3")["attributes"]["VoidingState"] = "document-voided".into());
    finds("V5", "D2", |evidence| row(evidence, "billing.processes", "process_id", "P2")["state"] = "aborted".into());
}

#[test]
fn v6_a_process_closed_by_nobody_and_an_acknowledgement_that_does_not_count_are_found() {
    finds("V6", "P2", |evidence| evidence.history.retain(|line| line["op"] != "acknowledge"));
    finds("V6", "P2", |evidence| {
        let line = request(evidence, "acknowledge", "D2");
        line["status"] = 409.into();
        line["attempts"][0] = json!({"status": 409, "code": "no-failure-to-acknowledge"});
    });
    finds("V6", "P2", |evidence| lose_event(evidence, "billing", "DocumentVoidingClosed", "P2"));
}

#[test]
fn v8_a_total_that_is_not_the_sum_a_document_that_counts_twice_and_one_in_no_report_are_found() {
    finds("V8", "R1", |evidence| {
        row(evidence, "reports.told", "report_id", "R1")["totals"][0]["amount"] = "5.01".into()
    });
    finds("V8", "R1", |evidence| row(evidence, "reports.report_documents", "document_id", "D3")["voided"] = 1.into());
    finds("V8", "D2", |evidence| {
        let again = json!({"report_id": "R2", "document_id": "D2", "minor": 200, "currency": "EUR", "voided": 0});
        evidence.tables.get_mut("reports.report_documents").unwrap().push(again);
    });
    finds("V8", "D1", |evidence| {
        evidence.tables.get_mut("reports.report_documents").unwrap().retain(|row| row["document_id"] != "D1");
    });
}

#[test]
fn v9_a_failed_workflow_task_a_run_that_failed_and_a_malformed_request_that_was_accepted_are_found() {
    finds("V9", "voiding-D1", |evidence| {
        let cause = "WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR";
        evidence.failed_tasks.push(json!({"workflow": "voiding-D1", "cause": cause, "message": "no"}));
    });
    finds("V9", "CreditChange-gil", |evidence| run(evidence, "CreditChange-gil")["status"] = "FAILED".into());
    finds("V9", "/documents", |evidence| {
        evidence.history.push(json!({"op": "malformed", "path": "/documents", "status": 201}));
    });
}

#[test]
fn answers_a_2xx_that_the_log_does_not_have_is_found() {
    finds("answers", "D2", |evidence| lose_event(evidence, "billing", "DocumentIssued", "D2"));
    finds("answers", "R1", |evidence| lose_event(evidence, "reports", "ReportPublished", "R1"));
    finds("answers", "key-", |evidence| evidence.tables.get_mut("billing.idempotency_keys").unwrap().clear());
}

#[test]
fn answers_a_503_or_a_refusal_that_was_done_all_the_same_is_found() {
    for (status, code) in [(503, "database-unavailable"), (409, "document-exists")] {
        finds("answers", "D2", |evidence| {
            let line = request(evidence, "issue", "D2");
            line["status"] = Value::Null;
            line["attempts"][0] = json!({"status": status, "code": code});
        });
    }
    finds("answers", "D2", |evidence| request(evidence, "issue", "D2")["body"]["kind"] = "receipt".into());
}

#[test]
fn unseen_what_was_not_settled_and_an_open_process_without_a_run_are_found() {
    finds("unseen", "at the end", |evidence| evidence.unseen.push("voiding-D3 goes on".to_owned()));
    finds("unseen", "D3", |evidence| evidence.runs.retain(|run| run["workflow"] != "voiding-D3"));
    finds("unseen", "voiding-D1", |evidence| run(evidence, "voiding-D1")["status"] = "RUNNING".into());
}
