//! The resource of the api: one voiding, as REST shows it.

use chrono::{DateTime, Utc};
use messages::{DocumentId, voiding::VoidingView};
use process_manager_host::operator::web_ui;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use voiding_client::Process;

/// One voiding of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Voiding {
    /// State of the process, as it publishes it.
    #[serde(flatten)]
    pub view: VoidingView,
    /// Time when the voiding was requested.
    pub requested_at: DateTime<Utc>,
    /// Time of the latest known change.
    pub updated_at: DateTime<Utc>,
    /// Reason why `steps` is incomplete, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_missing: Option<String>,
    /// Links to related resources.
    pub links: Links,
}

/// Links of a voiding. Those of the api are relative to its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Links {
    /// This voiding.
    #[serde(rename = "self")]
    pub this: String,
    /// The document in Billing.
    pub document: String,
    /// Target of an acknowledgement (POST); present while there is something to acknowledge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<String>,
    /// Target of a retry (POST); present while there is something to retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    /// The run in Temporal's Web UI, if the api knows its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporal: Option<String>,
}

/// Presents voidings with their links.
#[derive(Debug, Clone)]
pub(crate) struct Presenter {
    /// URL of Billing for clients.
    pub(crate) billing_url: Url,
    /// URL of Temporal's Web UI.
    pub(crate) temporal_ui_url: Option<Url>,
}

impl Presenter {
    /// Presents a voiding with its links.
    pub(crate) fn present(&self, process: Process, namespace: &str) -> Voiding {
        let mut links = self.links(&process.view.document_id);
        let path = links.this.clone();
        links.acknowledgement = process.to_acknowledge.map(|_| format!("{path}/acknowledgement"));
        links.retry = process.to_retry.map(|_| format!("{path}/retry"));
        links.temporal = process.run_id.and_then(|run_id| self.web_ui(&process.view.document_id, namespace, &run_id));
        Voiding {
            view: process.view,
            requested_at: process.requested_at,
            updated_at: process.updated_at,
            steps_missing: process.steps_missing,
            links,
        }
    }

    fn web_ui(&self, document_id: &DocumentId, namespace: &str, run_id: &str) -> Option<String> {
        let workflow_id = workflows::voiding::workflow_id(document_id);
        self.temporal_ui_url.as_ref().map(|ui| web_ui(ui, namespace, &workflow_id, run_id))
    }

    fn links(&self, document_id: &DocumentId) -> Links {
        Links {
            this: path(document_id),
            document: join(&self.billing_url, &["documents", document_id.as_str()]),
            acknowledgement: None,
            retry: None,
            temporal: None,
        }
    }
}

/// Returns the path under which the api shows the voiding of this document.
pub(crate) fn path(document_id: &DocumentId) -> String {
    format!("/voidings/{document_id}")
}

fn join(base: &Url, segments: &[&str]) -> String {
    let mut url = base.clone();
    // The configuration has checked that the URL can carry a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voiding_tells_where_it_can_be_seen() {
        let presenter = Presenter {
            billing_url: "http://billing/base/".parse().unwrap(),
            temporal_ui_url: "http://ui".parse().ok(),
        };
        let accepted = serde_json::from_value(serde_json::json!({
            "document_id": "d-1", "customer_id": "c-1", "process_id": "p-1",
        }));
        let process = Process::started(&accepted.unwrap(), "r-1".to_owned(), DateTime::UNIX_EPOCH);
        let links = serde_json::to_value(presenter.present(process, "default").links).unwrap();
        let expected = serde_json::json!({
            "self": "/voidings/d-1",
            "document": "http://billing/base/documents/d-1",
            "temporal": "http://ui/namespaces/default/workflows/voiding-d-1/r-1/history",
        });
        assert_eq!(links, expected);
    }
}
