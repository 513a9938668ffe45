//! The connection to Temporal, configured by Temporal's own environment variables.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

use process_manager_client::Backoff;
use temporalio_client::{
    Client, ClientOptions, ConnectionOptions, GrpcCompression, RetryOptions, RpcOptions,
    envconfig::LoadClientConfigProfileOptions,
    errors::ClientConnectError,
    request_extensions::RetryConfigForCall,
    tonic::{Code, IntoRequest, Request, Status},
};
use tokio::time::timeout;
use url::Url;

/// For the TCP and TLS handshakes; without this limit, a server that drops packets would block a caller for minutes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For the handshakes and the first call together.
const FIRST_ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The reason why there is no connection to Temporal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The configuration cannot be used; trying again is pointless.
    #[error("Temporal's configuration (TEMPORAL_* variables and profile) cannot be used: {0}")]
    Configuration(String),
    /// The server cannot be reached, or does not answer as expected.
    #[error("Temporal at {address} cannot be reached: {reason}")]
    Unavailable {
        /// The address that was tried.
        address: Url,
        /// The error.
        reason: String,
    },
}

/// Temporal's address, and the credentials for it.
#[derive(Debug, Clone)]
pub struct TemporalConfig {
    connection: ConnectionOptions,
    client: ClientOptions,
}

impl TemporalConfig {
    /// Reads `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE`, `TEMPORAL_TLS…`, `TEMPORAL_API_KEY` and the
    /// profile file, as every Temporal tool does. The defaults are `localhost:7233` and namespace `default`.
    ///
    /// Messages are compressed only if TLS is used. Without TLS the server is near, and compressing costs more than
    /// sending.
    ///
    /// # Errors
    /// A value or a file that cannot be read.
    pub fn from_env() -> Result<Self, ConnectError> {
        // The client's error is not `Sync`, so only its text is kept.
        let (mut connection, client) = ClientOptions::load_from_config(LoadClientConfigProfileOptions::default())
            .map_err(|error| ConnectError::Configuration(error.to_string()))?;
        connection.connect_timeout = Some(CONNECT_TIMEOUT);
        if connection.tls_options.is_none() && connection.target.scheme() != "https" {
            connection.grpc_compression = GrpcCompression::None;
        }
        Ok(Self { connection, client })
    }

    /// Returns the configuration of a server without TLS at `address`.
    #[must_use]
    pub fn at(address: Url, namespace: &str) -> Self {
        let connection = ConnectionOptions::new(address).connect_timeout(CONNECT_TIMEOUT);
        Self {
            connection: connection.grpc_compression(GrpcCompression::None).build(),
            client: ClientOptions::new(namespace).build(),
        }
    }

    /// Returns the address of the server.
    #[must_use]
    pub fn address(&self) -> &Url {
        &self.connection.target
    }

    /// Returns the namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.client.namespace
    }

    /// Connects, in one attempt of at most 5 s.
    ///
    /// # Errors
    /// The configuration cannot be used, or the server cannot be reached.
    pub async fn connect(&self) -> Result<Client, ConnectError> {
        let attempt = Box::pin(Client::connect(self.connection.clone(), self.client.clone()));
        match timeout(FIRST_ANSWER_TIMEOUT, attempt).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(self.explain(&error)),
            Err(_) => Err(self.unavailable(format!("no answer within {} s", FIRST_ANSWER_TIMEOUT.as_secs()))),
        }
    }

    /// Connects as soon as the server can be reached, however long it takes.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub async fn connect_when_up(&self) -> Result<Client, ConnectError> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut is_waiting = false;
        loop {
            match self.connect().await {
                Err(error @ ConnectError::Unavailable { .. }) if !is_waiting => {
                    tracing::warn!("{error}; waiting for it");
                }
                Err(error @ ConnectError::Unavailable { .. }) => tracing::debug!("{error}; still waiting for it"),
                Ok(client) if is_waiting => {
                    tracing::info!("Temporal at {} is there now", self.address());
                    return Ok(client);
                }
                outcome => return outcome,
            }
            is_waiting = true;
            backoff.wait().await;
        }
    }

    fn explain(&self, error: &ClientConnectError) -> ConnectError {
        match error {
            ClientConnectError::InvalidUri(_)
            | ClientConnectError::InvalidHeaders(_)
            | ClientConnectError::InvalidConfig(_) => ConnectError::Configuration(error.to_string()),
            ClientConnectError::SystemInfoCallError(status) => self.unavailable(status.message().to_owned()),
            other => self.unavailable(root_cause(other)),
        }
    }

    fn unavailable(&self, reason: String) -> ConnectError {
        ConnectError::Unavailable { address: self.address().clone(), reason }
    }
}

fn root_cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}

/// A client that connects in the background as soon as Temporal can be reached, for programs that must answer before
/// that. Clones share one connection.
#[derive(Debug, Clone)]
pub struct LazyClient {
    client: Arc<OnceLock<Client>>,
}

impl LazyClient {
    /// Begins to connect, in a task of its own.
    #[must_use]
    pub fn connect(config: TemporalConfig) -> Self {
        let lazy = Self { client: Arc::default() };
        let client = Arc::downgrade(&lazy.client);
        tokio::spawn(async move {
            match config.connect_when_up().await {
                Ok(connected) => {
                    client.upgrade().map(|client| client.set(connected));
                }
                Err(error) => tracing::error!("{error}"),
            }
        });
        lazy
    }

    /// Returns the client; `None` until there has been a connection.
    #[must_use]
    pub fn get(&self) -> Option<&Client> {
        self.client.get()
    }
}

impl From<Client> for LazyClient {
    fn from(client: Client) -> Self {
        Self { client: Arc::new(OnceLock::from(client)) }
    }
}

/// Returns the options for a call that a caller waits for: at most 5 s per attempt, retries within 3 s.
#[must_use]
pub fn bounded_rpc() -> RpcOptions {
    let retry = RetryOptions::builder().max_elapsed_time(Some(Duration::from_secs(3))).build();
    RpcOptions::builder().timeout(Duration::from_secs(5)).retry_options(retry).build()
}

/// Returns a request with the same limits, for calls for which the SDK has no method.
pub(crate) fn bounded_request<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    let options = bounded_rpc();
    if let Some(retry) = options.retry_options {
        request.extensions_mut().insert(RetryConfigForCall(retry));
    }
    if let Some(timeout) = options.timeout {
        request.set_timeout(timeout);
    }
    request
}

/// Returns whether the status says that Temporal is unavailable for now, rather than that the request is wrong.
#[must_use]
pub fn is_unavailable(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Unknown
            | Code::Internal
    )
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn local(listener: &TcpListener) -> TemporalConfig {
        TemporalConfig::at(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap(), "default")
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable_and_named() {
        let config = local(&TcpListener::bind("127.0.0.1:0").await.unwrap()).await;
        let error = config.connect().await.unwrap_err();
        let address = config.address();
        // The text comes from the operating system, whichever it is.
        let refused = std::net::TcpStream::connect(&*address.socket_addrs(|| None).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), format!("Temporal at {address} cannot be reached: {refused}"));
    }

    #[tokio::test]
    async fn a_server_that_accepts_and_says_nothing_does_not_hold_the_caller() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = local(&listener).await.connect().await.unwrap_err();
        assert!(matches!(error, ConnectError::Unavailable { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_lazy_client_is_none_until_there_is_a_server() {
        let config = local(&TcpListener::bind("127.0.0.1:0").await.unwrap()).await;
        assert!(LazyClient::connect(config).get().is_none());
    }
}
