//! Durable subscriptions: the events of one service's log, each handed to a handler, in order and at least once.
//!
//! A subscription is a workflow of its own, `subscription-<name>`, that runs one long activity. This one pulls the log,
//! hands the events to the handler of the host, and heartbeats how far it is; so a crash resumes there, one reader is
//! active at a time, and Temporal's Web UI shows the position (pending activities of the workflow). Beside that it
//! sweeps at regular intervals, for what no event tells.
//!
//! ```text
//! start ──► Subscription (workflow) ──► `FollowLog` (activity) ──► handler
//!                              ▲ continue as new, every 5,000 events or 10 min │
//!                              └───────────────────────────────────────────────┘
//! ```
//! A log that is another one, or shorter than the position, stops the subscription, and so does a handler that does not
//! know what to do with an event: the workflow goes on running, says in its current details what has happened, and waits
//! for a signal.
//!
//! | signal | payload | |
//! |---|---|---|
//! | `pause` | | delivers nothing any more |
//! | `resume` | `{"position"?, "continues"?}` | resumes after a pause or a stop, at the same position or after the given one; with `"continues": true` in a log that is the former one up to that position, such as a restored copy with another id |
//! | `rewind` | `{"position"}` | continues after the position |
//! | `redeliver` | `{"positions", "instance"?}` | delivers these events (1,000 at most) again, to the instance or to all that they are routed to, and goes on. An instance handles each of them once more, even below what it has handled |
//!
//! A fifth signal, `retrying`, comes from the reader of the log: it names the instances that cannot be delivered to.
//!
//! The query `state` tells position and status ([`SubscriptionState`]); the gauges `subscription_position` and
//! `subscription_behind_seconds` (age of the event handled last) tell progress and lag, by `subscription`.

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
