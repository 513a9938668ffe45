//! Commands, events and resources of the example: the only vocabulary that crosses its boundaries.
//!
//! There is one module for each service ([`accounts`], [`billing`], [`contracts`], [`reports`]), and the building
//! blocks that they share. These types only parse, check and print. Both sides of every HTTP call use them, so a field
//! that is spelled differently on one side does not compile.

pub mod accounts;
pub mod billing;
pub mod code;
pub mod confirmation;
pub mod contracts;
mod id;
mod money;
pub mod reports;
pub mod voiding;

pub use id::{AccountId, ContractId, CreditChangeId, CustomerId, DocumentId, ReportId, TransferId};
pub use money::{Currency, InvalidMoney, Money, Total};
pub use process_manager_wire::{
    CloudEvent, EVENTS_MEDIA_TYPE, InvalidId, PROBLEM_MEDIA_TYPE, Page, Position, Problem, ProcessId, headers,
};
