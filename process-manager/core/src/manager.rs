//! The contract of a process manager: pure types and functions, without anything of Temporal.

mod attention;
mod command;
mod contract;
pub(crate) mod event;
mod failure;
mod options;
mod outcome;
pub(crate) mod route;
pub(crate) mod routing;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod timer;

pub(crate) use self::failure::Decision;
pub use self::{
    attention::Attention,
    command::{Commands, Outgoing, Retry, Settings},
    contract::{AfterCommand, Context, ProcessManager},
    event::Metadata,
    failure::{
        CommandFailure, Error, Failure, FailureContext, OnError, OnRoutingError, Pending, Refusal, RoutingError,
    },
    options::{Consistency, Options, StartFrom},
    outcome::{Outcome, OutcomeKind},
    route::{Route, RouteKind},
    routing::{Routed, Routing, knows, route},
    timer::Due,
};
