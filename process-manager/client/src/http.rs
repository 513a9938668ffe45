//! The client for a service's commands and queries: the one place that tells a refusal from a fault.

mod answer;
mod body;
mod envelope;

use std::{fmt, time::Duration};

use process_manager_wire::Problem;
use reqwest::{StatusCode, redirect};
use serde::{Serialize, de::DeserializeOwned};
use url::{Host, Url};

#[doc(hidden)]
pub use self::answer::read_answer;
use self::answer::{judged, typed};
pub(crate) use self::body::{Body, read};
pub use self::envelope::{Envelope, traceparent};

/// Maximum number of bytes read of an answer. A refusal takes a few kilobytes, a page of a list some hundred.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How long an unused connection is kept: less than servers keep it, or a request could meet a closing connection.
const POOL_IDLE: Duration = Duration::from_secs(10);

/// The time limits of a request.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the connection; 2 s by default.
    pub connect: Duration,
    /// For everything, from the connection to the end of the answer; 10 s by default. Services built like ours answer
    /// within 8 s, if only to say that nothing was done.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), total: Duration::from_secs(10) }
    }
}

/// The reason why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A business 'no': 404, 409 or 422 with a problem `code`. Repeating the command is pointless.
    #[error("refused ({}): {}", .0.code, .0.detail)]
    Refused(Problem),
    /// Anything else that goes wrong. [`Fault::had_no_effect`] says whether the command certainly had no effect.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A fault: anything that goes wrong, other than a refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No connection, no answer in time, or a connection that broke.
    #[error("{url} does not answer")]
    Unreachable {
        /// The URL of the request, without credentials.
        url: Url,
        /// The error of the HTTP client.
        source: reqwest::Error,
    },
    /// An answer that is neither a success nor a refusal.
    #[error("{url} answered {status}: {excerpt}")]
    Status {
        /// The URL of the request, without credentials.
        url: Url,
        /// The status.
        status: StatusCode,
        /// The code of the problem, if the service itself answered.
        code: Option<String>,
        /// The beginning of the body.
        excerpt: String,
    },
    /// A success whose body has an unexpected form.
    #[error("{url} answered something unreadable")]
    Unreadable {
        /// The URL of the request, without credentials.
        url: Url,
        /// The reason.
        source: serde_json::Error,
    },
    /// An answer of more than [`MOST_BYTES`]. The rest is not read.
    #[error("{url} answered {status} with more than {MOST_BYTES} bytes, which are not read")]
    TooLarge {
        /// The URL of the request, without credentials.
        url: Url,
        /// The status.
        status: StatusCode,
    },
}

impl Fault {
    /// Returns whether the request certainly had no effect: there was no connection to send it on, the service itself
    /// says that it cannot work now (503 with a problem `code`), or an intermediary rejected it.
    ///
    /// Any other fault, such as a timeout, says nothing about the effect: the service may have carried out the command,
    /// or may still do so. Sending it again with the same idempotency key shows which.
    #[must_use]
    pub fn had_no_effect(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => source.is_connect(),
            Self::Status { status: StatusCode::SERVICE_UNAVAILABLE, code, .. } => code.is_some(),
            Self::Status { status, .. } | Self::TooLarge { status, .. } => {
                (status.is_client_error() && *status != StatusCode::REQUEST_TIMEOUT) || status.is_redirection()
            }
            Self::Unreadable { .. } => false,
        }
    }
}

/// The reason why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address cannot carry a path (`mailto:` and the like).
    #[error("{0} is not the address of an HTTP service; it should look like http://127.0.0.1:8081")]
    NotHttp(Url),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] reqwest::Error),
}

/// Sends commands to one service and reads its resources. Cheap to clone: clones share the connections. Its `Debug`
/// hides credentials.
#[derive(Clone)]
pub struct CommandClient {
    http: reqwest::Client,
    base_url: Url,
}

impl fmt::Debug for CommandClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandClient")
            .field("base_url", &without_credentials(&self.base_url).as_str())
            .finish_non_exhaustive()
    }
}

impl CommandClient {
    /// Creates a client for the service at `base_url`, which may have a path.
    ///
    /// # Errors
    /// The address is not an HTTP address, or the TLS set-up fails.
    pub fn new(base_url: Url, timeouts: Timeouts) -> Result<Self, ClientError> {
        Ok(Self { http: http_client(&base_url, timeouts)?, base_url })
    }

    /// Returns the address of the service, with the credentials that the client uses.
    #[must_use]
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// POSTs a command to `path` (such as `/commands/void-document`) and reads the answer.
    ///
    /// # Errors
    /// [`CommandError`] if the service refuses, or a fault prevents the answer. It never retries: that is up to the
    /// caller.
    pub async fn send<C, A>(&self, path: &str, command: &C, envelope: &Envelope) -> Result<A, CommandError>
    where
        C: Serialize + Sync + ?Sized,
        A: DeserializeOwned,
    {
        let url = self.url(path.split('/'), &[]);
        let request = envelope.write(self.http.post(url.clone())).json(command);
        answer(url, request).await
    }

    /// POSTs a command to `path`, and discards the body of a success.
    ///
    /// # Errors
    /// [`CommandError`] if the service refuses, or a fault prevents the answer. It never retries: that is up to the
    /// caller.
    pub async fn send_discarding<C>(&self, path: &str, command: &C, envelope: &Envelope) -> Result<(), CommandError>
    where
        C: Serialize + Sync + ?Sized,
    {
        let url = self.url(path.split('/'), &[]);
        let request = envelope.write(self.http.post(url.clone())).json(command);
        success(&url, request).await.map(|_| ())
    }

    /// GETs the resource at the path made of `segments`, each percent-encoded.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn get<A: DeserializeOwned>(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<A, CommandError> {
        let url = self.url(segments.iter().copied(), query);
        let request = self.http.get(url.clone());
        answer(url, request).await
    }

    fn url<'a>(&self, segments: impl Iterator<Item = &'a str>, query: &[(&str, &str)]) -> Url {
        let mut url = self.base_url.clone();
        // `new` has checked that the address can carry a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments.filter(|segment| !segment.is_empty()));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// Returns the HTTP client for the service at `base_url`. It does not follow redirects (which would turn a command into
/// a GET), and never uses the environment's proxy for a service on this machine.
pub(crate) fn http_client(base_url: &Url, timeouts: Timeouts) -> Result<reqwest::Client, ClientError> {
    if !matches!(base_url.scheme(), "http" | "https") {
        return Err(ClientError::NotHttp(without_credentials(base_url)));
    }
    // Fails if a provider is installed already, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(redirect::Policy::none());
    let builder = if is_loopback(base_url) { builder.no_proxy() } else { builder };
    builder.build().map_err(ClientError::Setup)
}

/// Returns a URL that is safe to show: without credentials. For texts that contain URLs, see
/// [`process_manager_wire::without_credentials`].
#[must_use]
pub fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    // A URL without a host has no credentials either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn answer<A: DeserializeOwned>(url: Url, request: reqwest::RequestBuilder) -> Result<A, CommandError> {
    let body = success(&url, request).await?;
    typed(&url, &body)
}

/// Returns the body of a success.
async fn success(url: &Url, request: reqwest::RequestBuilder) -> Result<Vec<u8>, CommandError> {
    let unreachable =
        |source: reqwest::Error| Fault::Unreachable { url: without_credentials(url), source: source.without_url() };
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let body = match read(response, MOST_BYTES).await.map_err(unreachable)? {
        Body::Whole(body) => body,
        Body::TooLarge => return Err(Fault::TooLarge { url: without_credentials(url), status }.into()),
    };
    judged(url, status, body)
}

#[cfg(test)]
mod tests;
