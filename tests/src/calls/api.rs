//! Calls of the api.

use chrono::{DateTime, Utc};
use messages::{
    CustomerId, DocumentId, Page, ProcessId,
    headers::{IDEMPOTENCY_KEY, PREFER},
    voiding::{Acknowledgement, Failure, Incident, Step, VoidingState},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, client};
use crate::{eventually, sample::unique};

client! {
    /// The api.
    Api
}

/// A process in the api's answer. Additional fields are in `rest`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Voiding {
    /// The document.
    pub document_id: DocumentId,
    /// The process; `null` until Billing has said which one it is.
    pub process_id: Option<ProcessId>,
    /// Its customer; `null` until Billing has said whose document it is.
    pub customer_id: Option<CustomerId>,
    /// State of the process.
    pub state: VoidingState,
    /// The refused marking.
    pub failure: Option<Failure>,
    /// The incident that keeps the process from continuing.
    pub incident: Option<Incident>,
    /// The acknowledgement.
    pub acknowledgement: Option<Acknowledgement>,
    /// When the voiding was requested.
    pub requested_at: DateTime<Utc>,
    /// When its state last changed.
    pub updated_at: DateTime<Utc>,
    /// The path taken, oldest state first; absent if it is not known.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Links to the possible next actions.
    #[serde(default)]
    pub links: Value,
    /// All other fields.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

impl Api {
    /// Returns the same client, repeating calls for which Temporal is too busy.
    pub(crate) fn patient(self) -> Self {
        Self(self.0.patient())
    }

    /// `POST /voidings`.
    pub async fn post_voiding(&self, document_id: &DocumentId) -> Answer<Voiding> {
        self.0.post("/voidings", &json!({ "document_id": document_id })).await
    }

    /// `POST /voidings` with `Prefer: wait=<seconds>`.
    pub async fn post_voiding_and_wait(&self, document_id: &DocumentId, seconds: u32) -> Answer<Voiding> {
        self.header(PREFER, format!("wait={seconds}")).post_voiding(document_id).await
    }

    /// `POST /voidings` by a client that asks again, under the same key, until its voiding is accepted or refused.
    /// While many are posted at the same time, Billing may be too busy.
    pub async fn post_voiding_until_answered(&self, document_id: &DocumentId) -> Answer<Voiding> {
        let api = if self.0.has(IDEMPOTENCY_KEY) { self.clone() } else { self.key(unique("key")) };
        eventually(&format!("the voiding of {document_id} is answered"), async || {
            let answer = api.post_voiding(document_id).await;
            if answer.answered(503) || answer.answered(504) { Err(answer.to_string()) } else { Ok(answer) }
        })
        .await
    }

    /// `POST /voidings` by a client that waits for the outcome: with `Prefer: wait=30`, repeated under the same key
    /// while the voiding is under way.
    pub async fn post_voiding_to_its_end(&self, document_id: &DocumentId) -> Answer<Voiding> {
        let api = if self.0.has(IDEMPOTENCY_KEY) { self.clone() } else { self.key(unique("key")) };
        eventually(&format!("the voiding of {document_id} comes to an outcome"), async || {
            let answer = api.post_voiding_and_wait(document_id, 30).await;
            if answer.answered(202) { Err(answer.to_string()) } else { Ok(answer) }
        })
        .await
    }

    /// `GET /voidings/{document_id}`.
    pub async fn voiding(&self, document_id: &DocumentId) -> Answer<Voiding> {
        self.0.get(&format!("/voidings/{document_id}")).await
    }

    /// `GET /voidings` with a query such as `?state=document-voided&limit=2`, or an empty one.
    pub async fn voidings(&self, query: &str) -> Answer<Page<Voiding>> {
        self.0.get(&format!("/voidings{query}")).await
    }

    /// `POST /voidings/{document_id}/acknowledgement` with any JSON, such as `{"acknowledged_by": "…"}`.
    pub async fn acknowledge(&self, document_id: &DocumentId, body: &Value) -> Answer<Value> {
        self.0.post(&format!("/voidings/{document_id}/acknowledgement"), body).await
    }

    /// `POST /voidings/{document_id}/retry`, without a body.
    pub async fn retry(&self, document_id: &DocumentId) -> Answer<Value> {
        self.0.post_bytes(&format!("/voidings/{document_id}/retry"), None, Vec::new()).await
    }
}
