//! Commands that fail or are refused, and programs that are unavailable.

mod acknowledged;
mod billing_unavailable;
mod incidents;
mod no_worker;
mod outage;
mod refused;
mod retried;
mod temporal_unavailable;
