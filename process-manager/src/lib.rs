//! Event feed client, command client, subscription and start of durable process managers on Temporal.

pub mod http;
