//! The log of a service's events: appended in the transaction that changes the data, read by position.
//!
//! A position that can be read stays readable, and no lower one appears later, even with many writers. An identity
//! column alone does not guarantee that. It counts when a row is inserted, so a transaction that commits late makes a
//! low position appear after a higher one was read. Here a transaction takes its positions by moving the *head*, one
//! row, as its last step before the commit. The row stays locked until the commit, so positions are taken in the order
//! of commits. A transaction that is rolled back leaves the head where it was, so there are no gaps.

mod append;
mod entity;
mod migration;
mod read;
mod route;

pub(crate) use self::append::lock_head;
pub use self::{
    append::{NewEvent, append},
    migration::EventLogMigration,
    route::{EventLog, events_routes},
};
