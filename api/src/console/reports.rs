//! What the console asks of Reports.

use messages::{
    CustomerId, Page,
    reports::{PublishReport, Report},
};
use process_manager_client::http::{CommandClient, CommandError, Envelope};

/// Reports, by its command client.
#[derive(Clone)]
pub(crate) struct Reports(pub(crate) CommandClient);

impl Reports {
    /// The newest reports, of one customer or of all.
    pub(super) async fn latest(
        &self,
        customer: Option<&CustomerId>,
        limit: usize,
    ) -> Result<Vec<Report>, CommandError> {
        let limit = limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(customer.map(|id| ("customer_id", id.as_str())));
        Ok(self.0.get::<Page<Report>>(&["reports"], &query).await?.items)
    }

    /// Publishes the customer's open report.
    pub(super) async fn publish(&self, customer_id: CustomerId, envelope: &Envelope) -> Result<Report, CommandError> {
        self.0.send("/commands/publish-report", &PublishReport { customer_id }, envelope).await
    }
}
