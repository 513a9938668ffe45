//! State of the handlers.

use service_kit::correlate;
use tokio_util::sync::CancellationToken;
use voiding_client::{Process, VoidingClient};

use crate::voiding::{Presenter, Voiding};

/// State of the handlers.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) voidings: VoidingClient,
    pub(crate) presenter: Presenter,
    /// Cancelled when the program is to end: a request that waits is answered then.
    pub(crate) shutdown: CancellationToken,
}

impl App {
    /// Presents a voiding as the answer to a request about it: the request's log lines carry the process id from now on.
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
