//! Names of the HTTP headers that commands carry.

/// Makes a repeated command take effect once (`<process id>/<command>` from the process manager).
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The process that a command belongs to; it becomes the `correlationid` of the events that the command causes.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// The message that led to a command; it becomes the `causationid` of the events that the command causes, in the place
/// of the idempotency key.
pub const CAUSATION_ID: &str = "x-causation-id";
/// W3C Trace Context, <https://www.w3.org/TR/trace-context/>.
pub const TRACEPARENT: &str = "traceparent";
/// RFC 7240 preferences; the api reads `wait=<seconds>`.
pub const PREFER: &str = "prefer";
