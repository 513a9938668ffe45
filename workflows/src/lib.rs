//! Deterministic workflow code: state machines, activity definitions and policies.
//!
//! Nothing here reads a clock, draws a random number or does I/O; the crate depends on no client, HTTP or database
//! crate. What is to be done leaves a workflow as the call of an activity, which crate `activities` implements.

pub mod voiding;
