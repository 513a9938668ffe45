//! Voidings: one that succeeds, a report that is published, and a voiding that comes too late for the report.

use messages::{
    CustomerId, DocumentId, Page,
    reports::{PublishReport, Report},
};
use reqwest::{Client, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::{PEOPLE, documents::Documents};

/// Maximum number of failures that wait for an operator. Nobody may be there to acknowledge more of them.
const MOST_FAILURES: usize = 3;

/// Voids documents and publishes reports.
pub(super) struct Voidings {
    client: Client,
    documents: Documents,
    voidings: Url,
    failures: Url,
    publish: Url,
    published: Url,
}

impl Voidings {
    pub(super) fn new(client: Client, documents: Documents, api: &Url, reports: &Url) -> anyhow::Result<Self> {
        Ok(Self {
            client,
            documents,
            voidings: api.join("/voidings")?,
            failures: api.join("/voidings?state=marking-document-as-voided-failed&open=true&limit=3")?,
            publish: reports.join("/commands/publish-report")?,
            published: reports.join("/reports?status=published&limit=20")?,
        })
    }

    /// Performs the next action, and returns a line for the log.
    pub(super) async fn act(&self, number: usize) -> anyhow::Result<String> {
        match number % 3 {
            0 => self.void_one().await,
            1 => self.publish(PEOPLE[number / 3 % PEOPLE.len()]).await,
            _ => self.void_too_late(number).await,
        }
    }

    async fn void_one(&self) -> anyhow::Result<String> {
        let document = self.documents.issue_by_mistake().await?;
        self.void(&document.document_id).await?;
        Ok(format!("{} was issued by mistake; its voiding is requested", document.document_id))
    }

    async fn publish(&self, customer: &str) -> anyhow::Result<String> {
        let customer_id: CustomerId = customer.parse()?;
        let answer = self.post(&self.publish, &PublishReport { customer_id }).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(format!("{customer} has no report to publish yet"));
        }
        let report: Report = answer.error_for_status()?.json().await?;
        Ok(format!("report {} of {customer} is published", report.number))
    }

    /// Voids a document in a published report: the voiding is refused, and waits for an operator.
    async fn void_too_late(&self, number: usize) -> anyhow::Result<String> {
        let waiting: Page<Value> = self.get(&self.failures).await?;
        if waiting.items.len() >= MOST_FAILURES {
            return Ok("enough failures wait for an operator already".to_owned());
        }
        let reports: Page<Report> = self.get(&self.published).await?;
        let counted = reports.items.iter().flat_map(|report| &report.documents).filter(|document| !document.voided);
        let counted: Vec<_> = counted.map(|document| &document.document_id).collect();
        let Some(document_id) = counted.get(number % counted.len().max(1)) else {
            return Ok("no report is published yet".to_owned());
        };
        self.void(document_id).await?;
        Ok(format!("{document_id} is in a published report; its voiding is requested all the same"))
    }

    async fn void(&self, document_id: &DocumentId) -> anyhow::Result<()> {
        self.post(&self.voidings, &json!({"document_id": document_id})).await?.error_for_status()?;
        Ok(())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: &Url) -> reqwest::Result<T> {
        self.client.get(url.clone()).send().await?.error_for_status()?.json().await
    }

    async fn post(&self, url: &Url, body: &impl Serialize) -> reqwest::Result<Response> {
        self.client.post(url.clone()).json(body).send().await
    }
}
