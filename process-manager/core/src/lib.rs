//! Process managers as pure functions: their contract, the state machine of one instance, and a test kit.
//!
#![doc = include_str!("../README.md")]

pub mod batch;
pub mod decisions;
pub mod failure_code;
pub mod instance;
pub mod limits;
pub mod manager;
pub mod prelude;
pub mod testing;

pub use process_manager_wire::{CloudEvent, FeedPosition, Position};
