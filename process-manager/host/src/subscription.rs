//! Durable subscriptions: the activity side of [`process_manager_engine::subscription`].
//!
//! A subscription delivers the events of one log, in order and at least once. The gauges `subscription_position` and
//! `subscription_behind_seconds` (age of the last handled event) show progress and lag, by `subscription`. It also
//! sweeps at regular intervals: it reconciles state that no event announces.

mod activity;
mod ended;
mod ensure;
mod handler;
mod redelivery;
mod turn;

pub(crate) use self::{
    activity::Subscriptions,
    handler::{Delivering, EventHandler, Interrupted, Passed, Terms, cut, left_out},
};
pub use self::{
    ensure::{ensure_subscription, subscription_state},
    handler::HandlerError,
    turn::Pace,
};
