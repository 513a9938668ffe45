//! RFC 9457 problem details with a stable `code`.

use serde::{Deserialize, Serialize};

/// Media type of a [`Problem`].
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// An error answer (RFC 9457). Programs decide by `code`, people read `detail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// URI reference of the problem's type: `/problems/<code>`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The kind of problem, in a few words.
    #[serde(default)]
    pub title: String,
    /// The HTTP status code.
    #[serde(default)]
    pub status: u16,
    /// Explanation of this occurrence.
    #[serde(default)]
    pub detail: String,
    /// Stable name of the problem, in kebab case; see [`code`].
    pub code: String,
}

/// Codes that any service may answer. A service adds those of its domain.
pub mod code {
    /// 404: no such route.
    pub const NOT_FOUND: &str = "not-found";
    /// 405: the route exists, but not for this method.
    pub const METHOD_NOT_ALLOWED: &str = "method-not-allowed";
    /// 422: the same key came before with another body.
    pub const IDEMPOTENCY_KEY_REUSED: &str = "idempotency-key-reused";
    /// 422: readable JSON with a missing, mistyped or impossible field.
    pub const INVALID_BODY: &str = "invalid-body";
    /// 400: unreadable JSON.
    pub const UNREADABLE_BODY: &str = "unreadable-body";
    /// 400: an id in the path breaks the rule for ids.
    pub const INVALID_ID: &str = "invalid-id";
    /// 400: a query parameter breaks its rule.
    pub const INVALID_PARAMETER: &str = "invalid-parameter";
    /// 400: a header breaks its rule.
    pub const INVALID_HEADER: &str = "invalid-header";
    /// 413: the body is larger than 1 MiB.
    pub const BODY_TOO_LARGE: &str = "body-too-large";
    /// 415: the body is not `application/json`.
    pub const UNSUPPORTED_MEDIA_TYPE: &str = "unsupported-media-type";
    /// 503: `/readyz` found that the program cannot do its work now.
    pub const NOT_READY: &str = "not-ready";
    /// 500: a fault of ours.
    pub const INTERNAL: &str = "internal";
    /// 503: Temporal cannot be reached.
    pub const TEMPORAL_UNAVAILABLE: &str = "temporal-unavailable";
    /// 503: the service's database takes no requests now. Nothing was done.
    pub const DATABASE_UNAVAILABLE: &str = "database-unavailable";
    /// 503: too much is under way already. Nothing was done.
    pub const OVERLOADED: &str = "overloaded";
    /// 504: the database did not confirm the commit, so the command may have taken effect. Sending it again with the
    /// same idempotency key shows which.
    pub const OUTCOME_UNKNOWN: &str = "outcome-unknown";
    /// 408: the body did not arrive in time. Nothing was done.
    pub const REQUEST_TIMEOUT: &str = "request-timeout";
    /// 421: the program does not answer for the host that the request names.
    pub const HOST_NOT_ALLOWED: &str = "host-not-allowed";
    /// 403: a page of another site sent a command.
    pub const CROSS_SITE_REQUEST: &str = "cross-site-request";
}
