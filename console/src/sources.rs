//! The programs behind the console.

use std::sync::Arc;

use contracts_client::ContractsClient;
use process_manager_client::http::CommandClient;
use process_manager_host::operator::Operator;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;
use voiding_client::VoidingClient;

use crate::{counts::Counter, numbers::Numbers};

/// The programs behind the console. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) voidings: VoidingClient,
    pub(crate) operator: Operator,
    pub(crate) reports: CommandClient,
    pub(crate) contracts: ContractsClient,
    pub(crate) counter: Counter,
    pub(crate) numbers: Numbers,
    pub(crate) temporal_ui_url: Option<Url>,
    /// Notified when an operator has acted: watched pages change now.
    pub(crate) acted: Arc<Notify>,
    /// Cancelled when the program is to end.
    pub(crate) shutdown: CancellationToken,
}

impl Sources {
    /// Makes the open pages look again at once.
    pub(crate) fn wake(&self) {
        self.acted.notify_waiters();
    }

    /// Returns the link to a run in Temporal's Web UI, if the UI's address is known.
    pub(crate) fn web_ui(&self, workflow_id: &str, run_id: Option<&str>) -> Option<(String, &'static str)> {
        let base = self.temporal_ui_url.as_ref()?;
        let url = process_manager_host::operator::web_ui(base, &self.voidings.namespace(), workflow_id, run_id?);
        Some((url, "This workflow in Temporal’s Web UI"))
    }
}
