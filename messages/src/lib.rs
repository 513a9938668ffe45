//! Commands, events and resources: the only vocabulary that crosses a boundary.
//!
//! One module a service ([`accounts`], [`billing`], [`reports`]) and the building blocks that they share. Nothing here does
//! anything but parse, check and print; both sides of every HTTP call use these types, so a field that is spelled
//! differently on one side does not compile.

pub mod accounts;
pub mod billing;
pub mod code;
mod id;
mod money;
pub mod reports;
pub mod voiding;

pub use id::{AccountId, CustomerId, DocumentId, ReportId, TransferId};
pub use money::{Currency, InvalidMoney, Money, Total};
pub use process_manager_wire::{
    CloudEvent, EVENTS_MEDIA_TYPE, InvalidId, PROBLEM_MEDIA_TYPE, Page, Position, Problem, ProcessId, headers,
};
