//! Faults of the commands about one document, money transfer or contract, so that many tests can share one system.

use std::fmt::Display;

use super::{Fault, FaultProxy, Gate, Recorded};

/// The commands about one document, money transfer or contract: the requests whose body contains it as `document_id`,
/// `transfer_id` or `contract_id`.
#[derive(Debug, Clone)]
pub struct About<'a> {
    proxy: &'a FaultProxy,
    id: String,
}

impl FaultProxy {
    /// Returns the rules for commands about one document, money transfer or contract.
    #[must_use]
    pub fn about(&self, id: impl Display) -> About<'_> {
        About { proxy: self, id: id.to_string() }
    }
}

impl About<'_> {
    /// Applies a fault to each command under `prefix`, until [`FaultProxy::heal`].
    pub fn fault(&self, prefix: &str, fault: Fault) {
        self.proxy.rules().add(prefix, Some(self.id.as_str()), fault, None);
    }

    /// Applies a fault to the next `times` commands under `prefix`.
    pub fn fault_times(&self, times: usize, prefix: &str, fault: Fault) {
        self.proxy.rules().add(prefix, Some(self.id.as_str()), fault, Some(times));
    }

    /// Answers the next `times` commands under `prefix` with a problem, without passing them on.
    pub fn refuse_times(&self, times: usize, prefix: &str, status: u16, code: &str) {
        self.fault_times(times, prefix, Fault::problem(status, code));
    }

    /// Holds every command under `prefix` before it is passed on, until the gate is opened.
    #[must_use]
    pub fn hold(&self, prefix: &str) -> Gate {
        let gate = Gate::default();
        self.fault(prefix, Fault::Hold(gate.clone()));
        gate
    }

    /// Holds every answer to a command under `prefix` until the gate is opened. The service has carried out the command
    /// by then.
    #[must_use]
    pub fn hold_answer(&self, prefix: &str) -> Gate {
        let gate = Gate::default();
        self.fault(prefix, Fault::HoldAnswer(gate.clone()));
        gate
    }

    /// Returns the commands so far under `prefix`.
    #[must_use]
    pub fn requests(&self, prefix: &str) -> Vec<Recorded> {
        let about = |request: &Recorded| request.is_about(&self.id);
        self.proxy.requests_to(prefix).into_iter().filter(about).collect()
    }
}
