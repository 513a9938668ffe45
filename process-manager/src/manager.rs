//! The contract of a process manager: pure types and functions, nothing of Temporal.

mod command;
mod contract;
pub(crate) mod event;
mod failure;
mod options;
pub(crate) mod route;
pub(crate) mod routing;
#[cfg(test)]
pub(crate) mod sample;

use std::any::Any;

pub(crate) use self::failure::Decision;
pub use self::{
    command::{Commands, Outgoing, Retry},
    contract::{AfterCommand, Context, ProcessManager},
    event::Metadata,
    failure::{
        CommandFailure, Error, Failure, FailureContext, OnError, OnRoutingError, Pending, Refusal, RoutingError,
    },
    options::{Consistency, Options, StartFrom},
    route::{Route, RouteKind},
    routing::Routing,
};

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
