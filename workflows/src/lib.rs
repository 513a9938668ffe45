//! Deterministic workflow code: state machines, activity definitions and policies.
//!
//! This code reads no clock, draws no random number and does no I/O. The crate depends on no client, HTTP, runtime or
//! database crate. A workflow has an effect only by calling an activity, which the crate `activities` implements.

pub mod contract_confirmation;
pub mod credit_change;
pub mod voiding;
