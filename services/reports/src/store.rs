//! Reports' documents, marks and reports in its database.
//!
//! The lock order is: position in Billing's log or idempotency key, document, report, head of the event log.

mod document;
mod entity;
mod position;
mod report;
mod sums;

pub(crate) use self::{
    document::{KnownDocument, LockedDocument, lock},
    position::{move_position, position},
    report::{Filter, find, publish_open, reports},
};
