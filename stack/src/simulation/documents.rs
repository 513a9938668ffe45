//! Documents for the same three customers.

use messages::{
    Currency, Money,
    billing::{Document, DocumentKind, IssueDocument},
};
use reqwest::Client;
use url::Url;

use super::PEOPLE;

const KINDS: [DocumentKind; 4] =
    [DocumentKind::Invoice, DocumentKind::Receipt, DocumentKind::Invoice, DocumentKind::CreditNote];

/// Number of a document that is issued by mistake.
const MISTAKEN: usize = 1;

/// Issues documents.
#[derive(Clone)]
pub(super) struct Documents {
    client: Client,
    url: Url,
}

impl Documents {
    pub(super) fn new(client: Client, billing: &Url) -> anyhow::Result<Self> {
        Ok(Self { client, url: billing.join("/documents")? })
    }

    /// Issues the next document, and returns a line for the log.
    pub(super) async fn issue(&self, number: usize) -> anyhow::Result<String> {
        let Document { document_id, customer_id, total, .. } = self.post(number).await?;
        Ok(format!("{document_id} issued to {customer_id}, {total} {}", total.currency.code()))
    }

    /// Issues a document to be voided.
    pub(super) async fn issue_by_mistake(&self) -> anyhow::Result<Document> {
        self.post(MISTAKEN).await
    }

    async fn post(&self, number: usize) -> anyhow::Result<Document> {
        let response = self.client.post(self.url.clone()).json(&invented(number)?).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }
}

/// Returns the same documents in each run, except for their ids, which Billing makes.
fn invented(number: usize) -> anyhow::Result<IssueDocument> {
    let kind = KINDS[number % KINDS.len()];
    let cents = i64::try_from(number * 7_919 % 90_000)? + 1_000;
    Ok(IssueDocument {
        document_id: None,
        customer_id: PEOPLE[number % PEOPLE.len()].parse()?,
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
        for customer in PEOPLE {
            assert_eq!(documents.iter().filter(|document| document.customer_id.as_str() == customer).count(), 8);
        }
        for document in documents {
            assert_eq!(document.total.minor < 0, document.kind == DocumentKind::CreditNote);
        }
    }
}
