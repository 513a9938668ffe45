//! Types that cross the wire between a process manager and its services. The crate knows no domain.
//!
//! - [`CloudEvent`], the envelope of an event in a service's log, and [`FeedPosition`], a reader's place in that log;
//! - [`Problem`], the answer to a request that failed (RFC 9457), with its domain-free [`code`]s;
//! - [`headers`], the names of the headers that commands carry;
//! - [`id!`](crate::id), types for identifiers, and [`ProcessId`], the identifier that every message carries;
//! - [`Page`], one page of a list;
//! - [`tagged`], a message's name and data;
//! - [`without_credentials`], for texts with URLs that people read.
//!
//! With the feature `openapi` the types have schemas for `utoipa`.

mod cloud_event;
mod error_chain;
pub mod headers;
mod id;
mod page;
mod position;
mod problem;
mod redact;
mod tagged;

pub use self::{
    cloud_event::{CloudEvent, EVENTS_MEDIA_TYPE},
    error_chain::{error_chain, panic_message},
    id::{InvalidId, ProcessId, check_id},
    page::Page,
    position::{FeedPosition, Position},
    problem::{PROBLEM_MEDIA_TYPE, Problem, code},
    redact::without_credentials,
    tagged::tagged,
};
