//! State of the handlers.

use std::collections::BTreeMap;

use contracts_client::ContractsClient;
use process_manager_host::operator::web_ui;
use service_kit::correlate;
use tokio_util::sync::CancellationToken;
use voiding_client::{Process, VoidingClient};

use crate::voiding::{Presenter, Voiding};

/// State of the handlers.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) voidings: VoidingClient,
    pub(crate) contracts: ContractsClient,
    pub(crate) presenter: Presenter,
    /// Cancelled on shutdown; waiting requests are then answered at once.
    pub(crate) shutdown: CancellationToken,
}

impl App {
    /// Presents a voiding as the answer to a request. Later log lines of the request carry the process id.
    pub(crate) fn answer(&self, process: impl Into<Process>) -> Voiding {
        let process = process.into();
        if let Some(process_id) = &process.view.process_id {
            correlate(process_id.as_str());
        }
        self.present(process)
    }

    pub(crate) fn present(&self, process: impl Into<Process>) -> Voiding {
        self.presenter.present(process.into(), &self.voidings.namespace())
    }

    /// Returns the links of a resource: to itself, to the targets of its instructions, and to its run in the Web UI.
    pub(crate) fn links(
        &self,
        this: &str,
        instructions: &[&str],
        run: Option<(&str, &str)>,
    ) -> BTreeMap<String, String> {
        let instructions = instructions.iter().map(|name| ((*name).to_owned(), format!("{this}/{name}")));
        let ui = self.presenter.temporal_ui_url.as_ref().zip(run);
        let ui = ui.map(|(ui, (workflow_id, run_id))| web_ui(ui, &self.voidings.namespace(), workflow_id, run_id));
        let ui = ui.map(|url| ("temporal".to_owned(), url));
        instructions.chain(ui).chain([("self".to_owned(), this.to_owned())]).collect()
    }
}
