//! The request to void a document: limited in number, and honest about whether Billing has accepted it.

use std::{sync::Arc, time::Duration};

use messages::{DocumentId, Problem, billing::DocumentVoiding};
use process_manager_client::http::{CommandError, Envelope, Fault};
use tokio::time::timeout;

use crate::{AnotherSystem, VoidingClient};

/// Maximum number of requests of one program that Billing has not answered yet. Further ones wait, then are turned
/// away.
pub(crate) const MOST_AT_ONCE: usize = 100;
/// Prefix of the causation id of the event that a request of a [`VoidingClient`] leads to.
const CAUSE: &str = "voidings/";
/// How long a request waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(2);

/// The reason why a document's voiding is not known to be under way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoidError {
    /// The namespace belongs to another system, which would run the process; nothing was requested.
    #[error("nothing was requested: {0}")]
    AnotherSystem(Arc<AnotherSystem>),
    /// Billing refuses it.
    #[error("refused ({}): {}", .0.code, .0.detail)]
    Refused(Problem),
    /// Too many requests are under way; this one was not sent.
    #[error("too many voidings are being requested now; this one was not, so try again")]
    TooMany,
    /// Billing has certainly not accepted it.
    #[error("Billing cannot be reached or cannot work now, and has not accepted the voiding; try again")]
    NotAccepted(#[source] Fault),
    /// Billing has not answered, or not as it should: it may have accepted the voiding, or may still do so.
    #[error("Billing has not answered in time; it may have accepted the voiding, or may still do so")]
    Unknown(#[source] Fault),
}

impl From<CommandError> for VoidError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(problem) => Self::Refused(problem),
            CommandError::Fault(fault) if fault.had_no_effect() => Self::NotAccepted(fault),
            CommandError::Fault(fault) => Self::Unknown(fault),
        }
    }
}

impl VoidingClient {
    /// Asks Billing to open a process that voids the document. Returns the open one if there is one.
    ///
    /// At most 100 requests are under way at a time; further ones wait 2 s for their turn. So a flood is turned away
    /// before Billing has begun anything, and the requests that get a turn are answered in time.
    ///
    /// Call [`VoidingClient::begin`] with the answer. The event says that the caller starts the process, so nobody else
    /// starts it meanwhile. If the caller dies first, the worker's sweep starts it.
    ///
    /// # Errors
    /// Returns [`VoidError::Refused`] if Billing refuses, [`VoidError::TooMany`] or [`VoidError::NotAccepted`] if it has
    /// accepted nothing, [`VoidError::Unknown`] if it may have.
    pub async fn void(&self, document_id: DocumentId, envelope: &Envelope) -> Result<DocumentVoiding, VoidError> {
        self.check_owner().map_err(VoidError::AnotherSystem)?;
        let Ok(Ok(_turn)) = timeout(TURN_WITHIN, self.turns.acquire()).await else { return Err(VoidError::TooMany) };
        let cause = format!("{CAUSE}{}", envelope.idempotency_key.as_deref().unwrap_or_default());
        let envelope = Envelope { causation_id: Some(cause), ..envelope.clone() };
        Ok(self.billing().void_document(document_id, &envelope).await?)
    }
}

/// Returns whether a request of a [`VoidingClient`] has led to the event, by its causation id. Its sender is about to
/// start the process, unless it dies.
#[must_use]
pub fn is_begun_by_client(causation_id: &str) -> bool {
    causation_id.starts_with(CAUSE)
}

#[cfg(test)]
mod tests {
    use process_manager_client::http::{CommandClient, Timeouts};
    use process_manager_host::connect::{LazyClient, TemporalConfig};
    use tokio::{net::TcpListener, task::JoinSet};

    use super::*;

    /// Billing accepts connections and never answers.
    #[tokio::test]
    async fn a_flood_is_turned_away_before_billing_hears_of_it() {
        let billing = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", billing.local_addr().unwrap()).parse().unwrap();
        let an_hour = Duration::from_secs(3_600);
        let client = CommandClient::new(url, Timeouts { connect: an_hour, total: an_hour }).unwrap();
        let temporal = LazyClient::connect(TemporalConfig::at("http://127.0.0.1:1".parse().unwrap(), "default"));
        let voidings = VoidingClient::new(temporal, client);
        let void = |number: usize, voidings: VoidingClient| async move {
            voidings.void(format!("d-{number}").parse().unwrap(), &Envelope::default()).await
        };
        let mut flood = JoinSet::new();
        let mut held = Vec::new();
        for number in 0..MOST_AT_ONCE {
            flood.spawn(void(number, voidings.clone()));
            held.push(billing.accept().await.unwrap());
        }
        let error = void(MOST_AT_ONCE, voidings.clone()).await.unwrap_err();
        assert!(matches!(error, VoidError::TooMany), "{error:?}");

        // A returned turn goes to somebody else.
        held.clear();
        let first = flood.join_next().await.unwrap().unwrap().unwrap_err();
        assert!(matches!(first, VoidError::Unknown(_)), "the connection broke after the request: {first:?}");
        tokio::spawn(void(MOST_AT_ONCE, voidings));
        billing.accept().await.unwrap();
    }
}
