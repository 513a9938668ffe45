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
//! | `resume` | `{"position"?}` | resumes after a pause or a stop, at the same position or after the given one |
//! | `rewind` | `{"position"}` | continues after the position |
//!
//! The query `state` tells position and status ([`SubscriptionState`]); the gauges `subscription_position` and
//! `subscription_behind_seconds` (age of the event handled last) tell progress and lag, by `subscription`.

mod payload;
mod policy;
mod state;
mod workflow;

pub use self::{
    state::{Status, SubscriptionState},
    workflow::Subscription,
};

/// Returns the id of a subscription's workflow.
#[must_use]
pub fn workflow_id(name: &str) -> String {
    format!("subscription-{name}")
}
