//! Reports' documents, marks and reports in its database.
//!
//! Locks are taken in this order: position in Billing's log or idempotency key, document, report, head of the event log.

mod document;
mod entity;
mod page;
mod position;
mod report;

pub(crate) use self::{
    document::{KnownDocument, LockedDocument, lock},
    page::{Filter, page},
    position::{move_position, position},
    report::{find, publish_open},
};

fn unreadable(error: impl std::fmt::Display) -> sea_orm::DbErr {
    sea_orm::DbErr::Type(format!("a row of Reports: {error}"))
}
