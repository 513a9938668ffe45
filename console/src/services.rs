//! The requests of the console to Billing and Reports.

use messages::{
    CustomerId, Page,
    billing::{Document, IssueDocument},
    reports::{PublishReport, Report},
};
use process_manager_client::http::{CommandClient, CommandError, Envelope};
use voiding_client::Billing;

/// Lists a page of documents, newest first, of one customer or of all.
pub(crate) async fn documents(
    billing: &Billing,
    customer: Option<&CustomerId>,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Document>, CommandError> {
    let limit = limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(customer.map(|id| ("customer_id", id.as_str())));
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    billing.client().get(&["documents"], &query).await
}

/// Issues a document.
pub(crate) async fn issue(billing: &Billing, document: &IssueDocument) -> Result<Document, CommandError> {
    billing.client().send("/documents", document, &Envelope::default()).await
}

/// Lists the newest reports, of one customer or of all.
pub(crate) async fn reports(
    reports: &CommandClient,
    customer: Option<&CustomerId>,
    limit: usize,
) -> Result<Vec<Report>, CommandError> {
    let limit = limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(customer.map(|id| ("customer_id", id.as_str())));
    Ok(reports.get::<Page<Report>>(&["reports"], &query).await?.items)
}

/// Publishes the customer's open report. A second command with the same key publishes no second report.
pub(crate) async fn publish(
    reports: &CommandClient,
    customer_id: CustomerId,
    idempotency_key: String,
) -> Result<Report, CommandError> {
    let envelope = Envelope { idempotency_key: Some(idempotency_key), ..Envelope::default() };
    reports.send("/commands/publish-report", &PublishReport { customer_id }, &envelope).await
}
