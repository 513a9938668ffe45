//! Starts of a process: accepted ones that must not be lost, and forged ones that must do no harm.

mod accepted;
mod elsewhere;
mod forged;
mod inputs;
mod not_as_billing_says;
