//! The show: somebody issues a document every few seconds.

use std::time::Duration;

use messages::{
    Currency, Money,
    billing::{Document, DocumentKind, IssueDocument},
};
use reqwest::Client;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::http::client_builder;

const EVERY: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
const CUSTOMERS: [&str; 3] = ["ada", "grace", "linus"];
const KINDS: [DocumentKind; 4] =
    [DocumentKind::Invoice, DocumentKind::Receipt, DocumentKind::Invoice, DocumentKind::CreditNote];

/// Issues documents until `shutdown`. While Billing is away it waits for it.
///
/// # Errors
/// When there is no HTTP client or Billing's address cannot be extended.
pub(crate) async fn run(billing: Url, shutdown: CancellationToken) -> anyhow::Result<()> {
    let client = client_builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
    let documents = billing.join("/documents")?;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut away = false;
    for number in 0.. {
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = ticks.tick() => (),
        }
        let issued = tokio::select! {
            () = shutdown.cancelled() => break,
            issued = issue(&client, &documents, number) => issued,
        };
        match issued {
            Ok(document) => {
                let Document { document_id, customer_id, total, .. } = document;
                tracing::info!("simulation: {document_id} issued to {customer_id}, {total} {}", total.currency.code());
                away = false;
            }
            Err(error) if !away => {
                tracing::warn!("simulation: Billing issues nothing ({error:#}); waiting for it");
                away = true;
            }
            Err(_) => (),
        }
    }
    Ok(())
}

async fn issue(client: &Client, documents: &Url, number: usize) -> anyhow::Result<Document> {
    let response = client.post(documents.clone()).json(&invented(number)?).send().await?.error_for_status()?;
    Ok(response.json().await?)
}

/// The same documents in each run, but for their ids, which Billing makes.
fn invented(number: usize) -> anyhow::Result<IssueDocument> {
    let kind = KINDS[number % KINDS.len()];
    let cents = i64::try_from(number * 7_919 % 90_000)? + 1_000;
    Ok(IssueDocument {
        document_id: None,
        customer_id: CUSTOMERS[number % CUSTOMERS.len()].parse()?,
        kind,
        total: Money {
            minor: if kind == DocumentKind::CreditNote { -cents } else { cents },
            currency: Currency::from_code("EUR")?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_gets_documents_and_credit_notes_are_negative() {
        let documents: Vec<_> = (0..24).map(|number| invented(number).unwrap()).collect();
        for customer in CUSTOMERS {
            assert_eq!(documents.iter().filter(|document| document.customer_id.as_str() == customer).count(), 8);
        }
        for document in documents {
            assert_eq!(document.total.minor < 0, document.kind == DocumentKind::CreditNote);
        }
    }
}
