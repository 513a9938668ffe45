#![doc = include_str!("../README.md")]

pub mod failure_code;
pub mod instance;
pub mod limits;
pub mod manager;
pub mod prelude;
pub mod testing;

pub use process_manager_wire::{CloudEvent, FeedPosition, Position};
