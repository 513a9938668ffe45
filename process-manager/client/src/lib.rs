//! HTTP clients for services that take commands and publish an event log. The crate knows no domain and no workflow
//! engine.
//!
//! - [`Backoff`] computes the pauses between attempts;
//! - [`http::CommandClient`] sends commands and tells a refusal (a business "no") from a fault;
//! - [`feed::FeedClient`] and [`feed::FeedReader`] follow a service's event log by position;
//! - [`feed::EventSource`] is the trait behind every kind of log: HTTP, a PostgreSQL table (feature `postgres`), memory
//!   ([`feed::MemoryLog`], for tests), or one of your own.

mod backoff;
pub mod feed;
pub mod http;

pub use self::backoff::Backoff;
