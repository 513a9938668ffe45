//! Commands, events and resources: the only vocabulary that crosses a boundary.
//!
//! One module a service ([`accounts`], [`billing`], [`reports`]) and the building blocks that they share. Nothing here does
//! anything but parse, check and print; both sides of every HTTP call use these types, so a field that is spelled
//! differently on one side does not compile.

pub mod accounts;
pub mod billing;
mod cloud_event;
pub mod headers;
mod id;
mod money;
mod page;
mod problem;
pub mod reports;
pub mod voiding;

pub use cloud_event::{CloudEvent, EVENTS_MEDIA_TYPE, Position};
pub use id::{AccountId, CustomerId, DocumentId, InvalidId, ProcessId, ReportId, TransferId};
pub use money::{Currency, InvalidMoney, Money, Total};
pub use page::Page;
pub use problem::{PROBLEM_MEDIA_TYPE, Problem, code};
