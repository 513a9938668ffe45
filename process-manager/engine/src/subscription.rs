//! Durable subscriptions: the events of one service's log, each handed to a handler, in order and at least once.
//!
//! A subscription is a workflow of its own, `subscription-<name>`, that runs one long activity. The activity pulls the
//! log, passes the events to the host's handler, and reports its progress in heartbeats. So after a crash it resumes
//! there, only one reader is active at a time, and Temporal's Web UI shows the position (pending activities of the
//! workflow). It also sweeps at regular intervals, for what no event announces.
//!
//! ```text
//! start ──► Subscription (workflow) ──► `FollowLog` (activity) ──► handler
//!                              ▲ continue as new, every 5,000 events or 10 min │
//!                              └───────────────────────────────────────────────┘
//! ```
//! A subscription stops if the log is a different one or shorter than the position, or if a handler does not know what
//! to do with an event. The workflow keeps running, says in its current details what happened, and waits for a signal.
//!
//! | signal | payload | |
//! |---|---|---|
//! | `pause` | | delivers nothing more |
//! | `resume` | `{"position"?, "continues"?}` | resumes after a pause or a stop, at the same position or after the given one; with `"continues": true` the log is the former one up to that position, such as a restored copy with another id |
//! | `rewind` | `{"position"}` | continues after the position |
//! | `redeliver` | `{"positions", "instance"?}` | delivers these events (at most 1,000) again, to the instance or to all that they are routed to, and goes on. An instance handles each of them once more, even below what it has handled |
//!
//! A fifth signal, `retrying`, comes from the reader of the log: it names the instances to which delivery fails.
//!
//! The query `state` returns position and status ([`SubscriptionState`]). The gauges `subscription_position` and
//! `subscription_behind_seconds` (age of the last handled event) show progress and lag, by `subscription`.

mod payload;
mod policy;
mod state;
mod view;
mod workflow;

#[doc(hidden)]
pub use self::payload::read_redeliver;
pub use self::{
    payload::is_paused_by,
    view::{Retrying, Status, SubscriptionState},
    workflow::Subscription,
};

/// Returns the id of a subscription's workflow.
#[must_use]
pub fn workflow_id(name: &str) -> String {
    format!("subscription-{name}")
}
