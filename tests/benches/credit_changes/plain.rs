//! The plain loop: commands to Contracts over HTTP, many concurrently, without Temporal.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use messages::{ContractId, headers};
use process_manager::batch::Batch;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{Component, sample};
use tokio::time::sleep;
use workflows::credit_change::RevokeContracts;

use crate::system::{Change, System};

const PAUSE: Duration = Duration::from_millis(200);

/// Returns the number of commands in flight, the same as in the batch.
fn at_once() -> usize {
    usize::try_from(RevokeContracts::limits().in_flight).unwrap()
}

impl System {
    /// Revokes the contracts by a change. Returns how long that took.
    pub(crate) async fn revoke(&self, contracts: &[ContractId], change: &Change) -> Duration {
        self.each(contracts, async |contract| {
            let body = json!({"contract_id": contract, "credit_change_id": change.id});
            self.post("revoke-customer-contract", &body).await;
        })
        .await
    }

    /// Signs each contract and confirms it. Returns how long that took.
    pub(crate) async fn sign_and_confirm(&self, contracts: &[ContractId]) -> Duration {
        self.each(contracts, async |contract| {
            let body = json!({"contract_id": contract});
            self.post("sign-contract", &body).await;
            self.post("reconfirm-contract", &body).await;
        })
        .await
    }

    async fn each(&self, contracts: &[ContractId], work: impl AsyncFn(&ContractId)) -> Duration {
        let begun = Instant::now();
        stream::iter(contracts).for_each_concurrent(at_once(), |contract| work(contract)).await;
        begun.elapsed()
    }

    /// Sends a command with its own key. Repeats it while Contracts is busy.
    async fn post(&self, command: &str, body: &Value) {
        let url = format!("{}/commands/{command}", self.env.url(Component::Contracts));
        let key = sample::unique("bench");
        loop {
            let request = self.http.post(&url).header(headers::IDEMPOTENCY_KEY, &key).json(body);
            let answer = request.header(headers::CORRELATION_ID, &key).send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            match status {
                StatusCode::OK => return,
                StatusCode::SERVICE_UNAVAILABLE => sleep(PAUSE).await,
                _ => panic!("{command} {body}: {status} {text}"),
            }
        }
    }
}
