//! State of the handlers.

use process_manager_client::http::CommandClient;
use process_manager_host::operator::Instances;
use service_kit::correlate;
use tokio_util::sync::CancellationToken;
use voiding_client::{Process, VoidingClient};

use crate::voiding::{Presenter, Voiding};

/// State of the handlers.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) voidings: VoidingClient,
    /// The processes ContractConfirmation.
    pub(crate) confirmations: Instances,
    /// Contracts, which knows whose a contract is.
    pub(crate) contracts: CommandClient,
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
}
