//! The codes of failures that are not a service's refusal; a refusal has the service's code.

/// `handle` failed.
pub const HANDLE_FAILED: &str = "handle-failed";
/// `apply` failed.
pub const APPLY_FAILED: &str = "apply-failed";
/// The process manager's code panicked.
pub const PANICKED: &str = "panicked";
/// A command could not be dispatched.
pub const NOT_DISPATCHED: &str = "not-dispatched";
/// An event was not handled in time.
pub const TIMEOUT: &str = "timeout";
/// A strict start reached an instance that has already started.
pub const ALREADY_STARTED: &str = "already-started";
/// A strict continuation reached no started instance.
pub const NOT_STARTED: &str = "not-started";
/// The run was ended from outside: terminated, cancelled or timed out.
pub const ENDED_FROM_OUTSIDE: &str = "ended-from-outside";
/// The event cannot be read.
pub const UNREADABLE: &str = "unreadable";
/// The state, a command or a decision is larger than its [limit](crate::limits).
pub const TOO_LARGE: &str = "too-large";
/// The state, a command or a decision cannot be written as JSON and read again.
pub const UNSERIALIZABLE: &str = "unserializable";
/// A timer cannot be set like this.
pub const INVALID_TIMER: &str = "invalid-timer";
/// `handle` no longer returns the same commands, although some were already sent.
pub const COMMANDS_CHANGED: &str = "commands-changed";
/// This code cannot read or migrate what an earlier run handed over.
pub const STATE_UNREADABLE: &str = "state-unreadable";
