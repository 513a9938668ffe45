//! Every end of a money transfer, driven on a real system.

use messages::{TransferId, accounts::TransferStatus};
use serde_json::json;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus::{Completed, Failed};
use tests::{Env, Fault, Link, eventually, json_payload, sample, transfer_workflow_id};

use crate::transfers::DEPOSIT;

/// The paths, by the names of their files.
pub(super) const NAMES: [&str; 7] = [
    "transfer-completed",
    "transfer-completed-after-an-incident",
    "transfer-failed",
    "transfer-returned",
    "transfer-retried-then-acknowledged",
    "transfer-failed-with-its-outcome",
    "transfer-retried-then-acknowledged-with-its-outcome",
];

/// The same path, recorded when the run published its outcome and whether it needs attention.
const WITH_OUTCOME: &str = "-with-its-outcome";

/// Walks the path, and returns the id of the workflow whose history shows it.
pub(super) async fn walk(env: &Env, name: &str) -> String {
    let name = name.trim_end_matches(WITH_OUTCOME);
    let (from, to) = env.two_accounts().await;
    let amount = if name == "transfer-failed" { "1000.01" } else { "100" };
    let transfer = sample::transfer(&from, &to, amount);
    let id = transfer.transfer_id.clone().unwrap();
    let proxy = env.proxy(Link::WorkerToAccounts).about(&id);
    match name {
        "transfer-returned" => drop(env.accounts().close(&to).await.ok()),
        "transfer-completed-after-an-incident" => proxy.fault(DEPOSIT, Fault::status(503)),
        "transfer-retried-then-acknowledged" => proxy.refuse_times(100, DEPOSIT, 409, "locked"),
        _ => (),
    }
    let _ = env.accounts().request(&transfer).await.ok_as(202);
    let status = match name {
        "transfer-failed" => TransferStatus::Failed,
        "transfer-returned" => TransferStatus::Returned,
        "transfer-retried-then-acknowledged" => {
            parked(env, &id, 1).await;
            signal(env, &id, "retry", &json!({})).await;
            parked(env, &id, 2).await;
            signal(env, &id, "acknowledge", &json!({"acknowledged_by": "kim", "note": "paid by hand"})).await;
            env.transfer_ends(&id, Failed).await;
            return transfer_workflow_id(&id);
        }
        "transfer-completed-after-an-incident" => {
            let overdue = async || {
                let found = env.temporal().list(&format!("ProcessId = '{id}' AND Incident = true")).await;
                if found.len() == 1 { Ok(()) } else { Err(found.len()) }
            };
            eventually("the incident", overdue).await;
            env.proxy(Link::WorkerToAccounts).heal();
            TransferStatus::Completed
        }
        _ => TransferStatus::Completed,
    };
    env.transfer_becomes(&id, status).await;
    env.transfer_ends(&id, Completed).await;
    transfer_workflow_id(&id)
}

/// Waits until the process is parked with its `failures`th failure.
async fn parked(env: &Env, id: &TransferId, failures: u32) {
    let failure = format!("{id}/{failures}");
    eventually("the transfer is parked", async || {
        let run = env.temporal().describe_by_id(&transfer_workflow_id(id)).await.ok_or("no run".to_owned())?;
        let memo = run.memo.unwrap_or_default();
        let shown =
            memo.fields.get("state").map(|it| String::from_utf8_lossy(&it.data).into_owned()).unwrap_or_default();
        if shown.contains(&failure) { Ok(()) } else { Err(shown) }
    })
    .await;
}

async fn signal(env: &Env, id: &TransferId, name: &str, payload: &serde_json::Value) {
    env.temporal().signal_by_id(&transfer_workflow_id(id), name, vec![json_payload(payload)]).await.unwrap();
}
