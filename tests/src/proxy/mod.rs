//! A proxy between two components that treats their calls as networks and processes do.

mod about;
mod gate;
mod rules;
mod serve;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use messages::Problem;
use tokio::task::JoinSet;

pub use about::About;
pub use gate::Gate;
pub use rules::Fault;
pub use wire::Recorded;

use self::{rules::Rules, serve::Shared};
use crate::free_port;

/// An HTTP proxy on its own port. It records every request, and applies faults to those that match.
///
/// A fault matches by the beginning of the request's path and query (`/commands/mark-`, `/events`, or `/` for all), and
/// with [`FaultProxy::about`] by the document, money transfer or contract. The newest matching fault applies.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    shared: Arc<Shared>,
    server: Mutex<Option<JoinSet<()>>>,
}

impl FaultProxy {
    /// Starts the proxy in front of `upstream`, such as `http://127.0.0.1:8081`, on the current runtime.
    ///
    /// # Panics
    /// Panics outside a tokio runtime.
    #[must_use]
    pub fn start(upstream: impl Into<String>) -> Self {
        let shared = Arc::new(Shared::new(upstream.into()));
        let proxy = Self { port: free_port(), shared, server: Mutex::new(None) };
        proxy.up();
        proxy
    }

    /// Returns the URL of the proxy, such as `http://127.0.0.1:12345`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Applies a fault to each request whose path begins with `prefix`, until [`FaultProxy::heal`].
    pub fn fault(&self, prefix: &str, fault: Fault) {
        self.rules().add(prefix, None, fault, None);
    }

    /// Applies a fault to the next `times` requests whose path begins with `prefix`.
    pub fn fault_times(&self, times: usize, prefix: &str, fault: Fault) {
        self.rules().add(prefix, None, fault, Some(times));
    }

    /// Answers the next `times` requests under `prefix` with a problem, without passing them on.
    pub fn refuse_times(&self, times: usize, prefix: &str, status: u16, code: &str) {
        self.fault_times(times, prefix, Fault::problem(status, code));
    }

    /// Holds the next request under `prefix` before it is passed on, until the gate is opened.
    #[must_use]
    pub fn hold(&self, prefix: &str) -> Gate {
        let gate = Gate::default();
        self.fault_times(1, prefix, Fault::Hold(gate.clone()));
        gate
    }

    /// Holds the answer to the next request under `prefix` until the gate is opened. The service has carried out the
    /// request by then.
    #[must_use]
    pub fn hold_answer(&self, prefix: &str) -> Gate {
        let gate = Gate::default();
        self.fault_times(1, prefix, Fault::HoldAnswer(gate.clone()));
        gate
    }

    /// Removes all faults. Requests that hang or are held stay that way.
    pub fn heal(&self) {
        self.rules().clear();
    }

    /// Takes the service down: connections are refused, and open ones are cut.
    pub async fn down(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut server) = server {
            server.shutdown().await;
        }
    }

    /// Brings the service back.
    ///
    /// # Panics
    /// Panics if another program holds the port.
    pub fn up(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if server.is_none() {
            let listener = serve::listen_again(self.port).expect("the proxy's own port");
            server.insert(JoinSet::new()).spawn(serve::serve(listener, Arc::clone(&self.shared)));
        }
    }

    /// Returns all requests so far, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the requests so far whose path begins with `prefix`.
    #[must_use]
    pub fn requests_to(&self, prefix: &str) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.path.starts_with(prefix)).collect()
    }

    /// Waits until `count` requests under `prefix` have arrived.
    ///
    /// # Panics
    /// Panics if no more arrive.
    pub async fn await_requests(&self, count: usize, prefix: &str) -> Vec<Recorded> {
        crate::eventually(&format!("{count} requests to {prefix}"), async || {
            let requests = self.requests_to(prefix);
            if requests.len() >= count { Ok(requests) } else { Err(requests.len()) }
        })
        .await
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Rules> {
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a problem with this status and code, as a service would send it.
fn problem(status: u16, code: &str) -> Problem {
    Problem {
        kind: format!("/problems/{code}"),
        title: "Refused by the test".to_owned(),
        status,
        detail: format!("The test answers {code}."),
        code: code.to_owned(),
    }
}
