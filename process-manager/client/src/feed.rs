//! The client for a service's event log: it pulls from a position, and stops at a different log instead of skipping
//! events.
//!
//! [`FeedClient`] asks once. [`FeedReader`] keeps a position in the log and checks that it is still the same log.

mod batch;
mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
mod reader;
mod source;

use std::{error::Error, fmt, time::Duration};

use process_manager_wire::{CloudEvent, Position};
use reqwest::StatusCode;
use url::Url;

pub use process_manager_wire::FeedPosition;

#[doc(hidden)]
pub use self::batch::parse as read_batch;
pub use self::{
    memory::MemoryLog,
    reader::FeedReader,
    source::{EventSource, SharedSource},
};
use crate::http::{Body, ClientError, Timeouts, http_client, read, without_credentials};

/// The time limit of an answer, beyond the requested wait.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Maximum number of events in one answer.
pub const MAX_LIMIT: u16 = 1000;
/// Maximum number of bytes read of an answer. It applies to an answer of one event too: a larger event cannot be read.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;
/// The longest wait of one request.
pub const MAX_WAIT: Duration = Duration::from_secs(30);

/// The reason why the log could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// No connection, no answer in time, or a connection that broke. Trying again helps.
    #[error("{url} does not answer")]
    Unreachable {
        /// The URL of the request, without credentials.
        url: Url,
        /// The error of the HTTP client.
        source: reqwest::Error,
    },
    /// The answer is not a success. Trying again may help.
    #[error("{url} answered {status}")]
    Status {
        /// The URL of the request, without credentials.
        url: Url,
        /// The status.
        status: StatusCode,
    },
    /// The answer is not a batch of events in the order of their positions. Trying again may help.
    #[error("{url} answered something unreadable: {reason}")]
    Unreadable {
        /// The URL of the request, without credentials.
        url: Url,
        /// The reason.
        reason: String,
    },
    /// The answer is larger than [`MOST_BYTES`]. Fewer events may fit: a reader asks for fewer.
    #[error("{url} answered more than {MOST_BYTES} bytes of events, which are not read")]
    TooLarge {
        /// The URL of the request, without credentials.
        url: Url,
    },
    /// A source other than HTTP cannot be read. Trying again may help.
    #[error("{what} cannot be read")]
    Source {
        /// Which source.
        what: String,
        /// The reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It is not the log that was read before: reading on would skip events. An operator has to decide.
    #[error("the log is another one: {found} instead of {expected}")]
    OtherLog {
        /// The `logid` that was read before.
        expected: String,
        /// The `logid` that is there now.
        found: String,
    },
    /// The log has no event at the reader's position, and the next events do not follow directly: unread events may
    /// have been deleted. An operator has to decide.
    #[error(
        "the log holds nothing at position {position}, up to which it was read, and goes on at {next}; events between \
         may have been deleted"
    )]
    Pruned {
        /// The reader's position.
        position: Position,
        /// The position of the first event that is there.
        next: Position,
    },
    /// The log ends before the reader's position: it has lost events. An operator has to decide.
    #[error("the log ends before position {position}, up to which it was read")]
    Shorter {
        /// The reader's position.
        position: Position,
    },
}

impl FeedError {
    /// Returns whether reading must stop, because trying again does not help.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::OtherLog { .. } | Self::Shorter { .. } | Self::Pruned { .. })
    }
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedEvent {
    /// An event.
    Event(Box<CloudEvent>),
    /// An entry that is not a valid event; readers log and skip it.
    Malformed {
        /// Its position.
        position: Position,
        /// Its log, if it says so.
        logid: Option<String>,
        /// Its type, if it says so.
        kind: Option<String>,
        /// The reason.
        reason: String,
    },
}

impl FeedEvent {
    /// Returns its position in the log.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Event(event) => event.sequence,
            Self::Malformed { position, .. } => *position,
        }
    }

    /// Returns a reader's place after this entry; `before` is its place before the entry.
    #[must_use]
    pub fn passed(&self, before: &FeedPosition) -> FeedPosition {
        let logid = self.logid().map(str::to_owned).or_else(|| before.logid.clone());
        FeedPosition { position: self.position(), logid }
    }

    /// Returns its log's id; a malformed event may have none.
    #[must_use]
    pub fn logid(&self) -> Option<&str> {
        match self {
            Self::Event(event) => Some(&event.logid),
            Self::Malformed { logid, .. } => logid.as_deref(),
        }
    }
}

/// Reads the event log of one service. Cheap to clone. Its `Debug` hides credentials.
#[derive(Clone)]
pub struct FeedClient {
    http: reqwest::Client,
    base_url: Url,
}

impl fmt::Debug for FeedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedClient")
            .field("base_url", &without_credentials(&self.base_url).as_str())
            .finish_non_exhaustive()
    }
}

impl FeedClient {
    /// Creates a client for the log of the service at `base_url`.
    ///
    /// # Errors
    /// The address is not an HTTP address, or the TLS set-up fails.
    pub fn new(base_url: Url) -> Result<Self, ClientError> {
        Ok(Self { http: http_client(&base_url, Timeouts::default())?, base_url })
    }

    /// Returns the events with a position greater than `after`, oldest first: at most `limit` (1–1000). It waits up to
    /// `wait` (at most 30 s, in whole seconds) for the first event. Values beyond these limits are clamped.
    ///
    /// # Errors
    /// [`FeedError`], never a final one.
    pub async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        let wait = wait.min(MAX_WAIT);
        let url = self.url(after, limit.clamp(1, MAX_LIMIT), wait);
        let unreachable = |source: reqwest::Error| FeedError::Unreachable {
            url: without_credentials(&url),
            source: source.without_url(),
        };
        let response = self.http.get(url.clone()).timeout(wait + ANSWER_WITHIN).send().await.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            return Err(FeedError::Status { url: without_credentials(&url), status });
        }
        let body = match read(response, MOST_BYTES).await.map_err(unreachable)? {
            Body::Whole(body) => body,
            Body::TooLarge => return Err(FeedError::TooLarge { url: without_credentials(&url) }),
        };
        batch::parse(&body, after).map_err(|reason| FeedError::Unreadable { url: without_credentials(&url), reason })
    }

    fn url(&self, after: Position, limit: u16, wait: Duration) -> Url {
        let mut url = self.base_url.clone();
        // `new` has checked that the address can carry a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("events");
        }
        url.query_pairs_mut()
            .append_pair("after", &after.to_string())
            .append_pair("limit", &limit.to_string())
            .append_pair("wait", &wait.as_secs().to_string());
        url
    }
}

impl EventSource for FeedClient {
    async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        Self::read(self, after, limit, wait).await
    }
}
