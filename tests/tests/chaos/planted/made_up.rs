//! The evidence of a small run that keeps every rule.

use serde_json::{Value, json};

use crate::evidence::Evidence;

/// Returns an event without its place in a log.
pub(super) fn event(kind: &str, correlation: &str, data: Value) -> Value {
    json!({"type": kind, "correlationid": correlation, "data": data})
}

/// Makes these the events of a service: its route, its table and its head.
pub(super) fn renumber(evidence: &mut Evidence, service: &str, mut events: Vec<Value>) {
    let mut rows = Vec::new();
    for (position, event) in (1..).zip(&mut events) {
        event["sequence"] = format!("{position}").into();
        event["id"] = format!("{service}-{position}").into();
        rows.push(json!({
            "position": position, "id": event["id"], "kind": event["type"], "data": event["data"].to_string(),
        }));
    }
    evidence.tables.insert(format!("{service}.event_log"), vec![json!({"logid": service, "head": rows.len()})]);
    evidence.tables.insert(format!("{service}.events"), rows);
    evidence.events.insert(service.to_owned(), events);
}

/// Adds a request that was answered at its first attempt.
fn asked(evidence: &mut Evidence, op: &str, path: &str, body: Value, status: u16, answer: Value) {
    let key = format!("key-{}", evidence.history.len());
    let code = answer["code"].clone();
    if let Some(table) = keeper(op).filter(|_| status < 300) {
        let row = json!({"key": key, "status": status, "response": answer.to_string()});
        evidence.tables.entry(format!("{table}.idempotency_keys")).or_default().push(row);
    }
    evidence.history.push(json!({
        "client": 1, "op": op, "target": "api-1", "path": path, "key": key, "body": body, "status": status,
        "answer": answer, "attempts": [{"from": 0, "to": 1, "status": status, "code": code}],
    }));
}

fn keeper(op: &str) -> Option<&'static str> {
    match op {
        "issue" | "void" => Some("billing"),
        "publish" => Some("reports"),
        "open-account" | "transfer" => Some("accounts"),
        "acknowledge" => None,
        _ => Some("contracts"),
    }
}

/// Returns a run. D1 is voided; the voiding of D2 has failed and was acknowledged; that of D3 has failed and waits. T1
/// has completed, T2 has failed. K1 was revoked and confirmed, K2 was revoked and waits.
/// has failed. K1 was revoked and confirmed, K2 was revoked and waits.
pub(super) fn made_up() -> Evidence {
    let mut evidence = Evidence::default();
    documents(&mut evidence);
    reports(&mut evidence);
    voidings(&mut evidence);
    money(&mut evidence);
    contracts(&mut evidence);
    evidence
}

fn documents(evidence: &mut Evidence) {
    let mut events = Vec::new();
    for (id, minor) in [("D1", 100), ("D2", 200), ("D3", 300)] {
        let total = json!({"amount": format!("{}.00", minor / 100), "currency": "EUR"});
        let body = json!({"document_id": id, "customer_id": "ada", "kind": "invoice", "total": total});
        events.push(event("DocumentIssued", &format!("issue-{id}"), body.clone()));
        asked(evidence, "issue", "/documents", body.clone(), 201, body);
        let status = if id == "D1" { "voided" } else { "issued" };
        let process = if id == "D3" { json!("P3") } else { Value::Null };
        evidence.tables.entry("billing.documents".to_owned()).or_default().push(json!({
            "document_id": id, "customer_id": "ada", "kind": "invoice", "minor": minor, "currency": "EUR",
            "status": status, "process_id": process,
        }));
        let marked = if id == "D1" { json!("P1") } else { Value::Null };
        evidence.tables.entry("reports.documents".to_owned()).or_default().push(json!({
            "document_id": id, "minor": minor, "currency": "EUR", "marked_by": marked,
        }));
    }
    for (id, process, ends) in [
        ("D1", "P1", &["DocumentVoided"][..]),
        ("D2", "P2", &["DocumentVoidingAborted", "DocumentVoidingClosed"]),
        ("D3", "P3", &["DocumentVoidingAborted"]),
    ] {
        let data = json!({"document_id": id, "customer_id": "ada", "process_id": process});
        for kind in ["DocumentVoidingRequested"].iter().chain(ends) {
            events.push(event(kind, process, data.clone()));
        }
        asked(evidence, "void", "/voidings", json!({"document_id": id}), 202, data);
    }
    renumber(evidence, "billing", events);
}

fn reports(evidence: &mut Evidence) {
    let totals = json!([{"amount": "5.00", "currency": "EUR"}]);
    let data = |id: &str, process: &str| json!({"document_id": id, "customer_id": "ada", "process_id": process});
    let published = json!({"report_id": "R1", "customer_id": "ada", "number": 1, "totals": totals});
    let events = vec![
        event("ReportPublished", "publish", published.clone()),
        event("MarkingDocumentAsVoidedSucceeded", "P1", data("D1", "P1")),
        event("MarkingDocumentAsVoidedFailed", "P2", data("D2", "P2")),
        event("MarkingDocumentAsVoidedFailed", "P3", data("D3", "P3")),
    ];
    renumber(evidence, "reports", events);
    asked(evidence, "publish", "/commands/publish-report", json!({"customer_id": "ada"}), 200, published);
    let row = |report: &str, id: &str, minor: i64, voided: i64| json!({"report_id": report, "document_id": id, "minor": minor, "currency": "EUR", "voided": voided});
    let entries = vec![row("R1", "D2", 200, 0), row("R1", "D3", 300, 0), row("R2", "D1", 100, 1)];
    let reports = [("R1", "published"), ("R2", "open")].map(|(id, status)| json!({"report_id": id, "status": status}));
    let told = vec![json!({"report_id": "R1", "totals": totals}), json!({"report_id": "R2", "totals": []})];
    evidence.tables.insert("reports.report_documents".to_owned(), entries);
    evidence.tables.insert("reports.reports".to_owned(), reports.to_vec());
    evidence.tables.insert("reports.told".to_owned(), told);
}

fn voidings(evidence: &mut Evidence) {
    let mut processes = Vec::new();
    for (id, process, state, row, status) in [
        ("D1", "P1", "document-voided", "voided", "COMPLETED"),
        ("D2", "P2", "failure-acknowledged", "closed", "FAILED"),
        ("D3", "P3", "marking-document-as-voided-failed", "aborted", "RUNNING"),
    ] {
        processes.push(json!({"process_id": process, "document_id": id, "state": row}));
        let needs_attention = status == "RUNNING";
        evidence.runs.push(json!({
            "workflow": format!("voiding-{id}"), "run": process, "type": "DocumentVoiding", "status": status,
            "started": "2026-01-01T00:00:00Z", "closed": "2026-01-01T00:00:01Z",
            "attributes": {"VoidingState": state, "ProcessId": process, "NeedsAttention": needs_attention},
        }));
        let view = json!({"state": state, "process_id": process, "document_id": id, "steps": []});
        for api in ["api-1", "api-2"] {
            evidence.views.push(json!({"document": id, "api": api, "view": view, "query": view}));
        }
        let body = json!({"document_id": id, "process_id": process});
        let path = "/commands/mark-document-as-voided";
        let key = format!("{process}/MarkDocumentAsVoided");
        evidence.commands.push(json!({"path": path, "key": key, "correlation": process, "body": body}));
    }
    evidence.tables.insert("billing.processes".to_owned(), processes);
    let answer = json!({"process_id": "P2", "document_id": "D2"});
    asked(evidence, "acknowledge", "/voidings/D2/acknowledgement", json!({}), 202, answer);
}

fn money(evidence: &mut Evidence) {
    let amount = |minor: i64| json!({"amount": format!("{}.00", minor / 100), "currency": "EUR"});
    let mut events = Vec::new();
    for (id, before, after) in [("A1", 1_000, 700), ("A2", 0, 300)] {
        let body = json!({"account_id": id, "initial_balance": amount(before)});
        events.push(event("AccountOpened", id, body.clone()));
        asked(evidence, "open-account", "/commands/open-account", body.clone(), 201, body);
        let row = json!({"account_id": id, "balance_minor": after, "currency": "EUR", "status": "open"});
        evidence.tables.entry("accounts.accounts".to_owned()).or_default().push(row);
    }
    for (id, minor, status) in [("T1", 300, "completed"), ("T2", 5_000, "failed")] {
        let body = json!({"transfer_id": id, "from": "A1", "to": "A2", "amount": amount(minor)});
        events.push(event("MoneyTransferRequested", id, body.clone()));
        asked(evidence, "transfer", "/commands/request-money-transfer", body.clone(), 202, body);
        let row = json!({"transfer_id": id, "minor": minor, "currency": "EUR", "status": status});
        evidence.tables.entry("accounts.transfers".to_owned()).or_default().push(row);
    }
    let step = |account: &str| json!({"transfer_id": "T1", "account_id": account, "amount": amount(300)});
    let mut deposited = step("A2");
    deposited["purpose"] = "transfer".into();
    events.push(event("MoneyWithdrawn", "T1", step("A1")));
    events.push(event("MoneyDeposited", "T1", deposited));
    events.push(event("MoneyTransferFailed", "T2", json!({"transfer_id": "T2", "reason": "insufficient-funds"})));
    renumber(evidence, "accounts", events);
}

fn contracts(evidence: &mut Evidence) {
    let registered = json!({"customer_id": "gil", "credit_rating": "A"});
    asked(evidence, "register", "/commands/register-customer", registered.clone(), 201, registered.clone());
    let changed = json!({"customer_id": "gil", "credit_change_id": "X", "credit_rating": "B"});
    asked(evidence, "change-rating", "/credit-changes", json!({"customer_id": "gil"}), 202, changed.clone());
    let of = |id: &str| json!({"contract_id": id, "customer_id": "gil", "credit_change_id": "X"});
    let mut events = vec![event("CustomerRegistered", "gil", registered)];
    for id in ["K1", "K2"] {
        let body = json!({"contract_id": id, "customer_id": "gil"});
        events.push(event("ContractOpened", id, body.clone()));
        asked(evidence, "open-contract", "/commands/open-contract", body.clone(), 201, body);
    }
    events.push(event("CustomerCreditRatingChanged", "gil", changed));
    for (id, kind) in [
        ("K1", "CustomerContractRevoked"),
        ("K2", "CustomerContractRevoked"),
        ("K1", "ContractSigned"),
        ("K1", "CustomerContractReconfirmed"),
    ] {
        events.push(event(kind, id, of(id)));
        let op = match kind {
            "ContractSigned" => "sign",
            "CustomerContractReconfirmed" => "reconfirm",
            _ => {
                let row = json!({"key": format!("RevokeCustomerContracts/X/{id}"), "status": 200, "response": "{}"});
                evidence.tables.entry("contracts.idempotency_keys".to_owned()).or_default().push(row);
                continue;
            }
        };
        asked(evidence, op, "/commands", json!({"contract_id": id}), 200, of(id));
    }
    renumber(evidence, "contracts", events);
    state_of_contracts(evidence);
}

fn state_of_contracts(evidence: &mut Evidence) {
    let change = json!({"credit_change_id": "X", "customer_id": "gil", "rating": "B", "position": 4});
    evidence.tables.insert("contracts.credit_changes".to_owned(), vec![change]);
    let row = |id: &str, status: &str, position: i64, confirmed: Value| {
        json!({
            "contract_id": id, "customer_id": "gil", "status": status, "credit_change_id": "X",
            "opened_position": position, "change_position": 4, "confirmed_at": confirmed,
        })
    };
    let rows = vec![row("K1", "active", 2, json!("2026-01-01")), row("K2", "pending", 3, Value::Null)];
    evidence.tables.insert("contracts.contracts".to_owned(), rows);
    let counts = json!({"pending": 1, "signed": 0, "confirmed": 1, "reinstated": 0, "terminated": 0, "untouched": 0});
    evidence.counts.insert("X".to_owned(), counts);
    let view = json!({
        "credit_change_id": "X", "state": "awaiting-confirmations", "total": 2, "revoked": 2, "missing": 1,
        "confirmed": 1, "reinstated": 0, "terminated": 0,
    });
    evidence.changes.insert("gil".to_owned(), view);
    let waits = json!({"status": "waiting", "state": {"state": "awaiting-signature"}});
    evidence.confirmations.insert("K2".to_owned(), waits);
    let progress = json!({"status": "completed", "total": 2, "accepted": 2, "settled": 0, "failed": 0});
    for (id, kind, status, memo) in [
        ("CreditChange-gil", "CreditChange", "RUNNING", Value::Null),
        ("ContractConfirmation-K1", "ContractConfirmation", "COMPLETED", Value::Null),
        ("ContractConfirmation-K2", "ContractConfirmation", "RUNNING", Value::Null),
        ("RevokeCustomerContracts-X", "Batch", "COMPLETED", progress),
    ] {
        evidence.runs.push(json!({
            "workflow": id, "run": id, "type": kind, "status": status, "started": "2026-01-01T00:00:00Z",
            "closed": "2026-01-01T00:00:01Z", "attributes": {}, "memo": memo,
        }));
    }
}
