//! Everything that the code of a process manager names: `use process_manager::prelude::*;`.

pub use crate::manager::{
    AfterCommand, CommandFailure, Commands, Consistency, Context, Failure, Metadata, OnError, OnRoutingError, Options,
    Outcome, Outgoing, Pending, ProcessManager, Refusal, Retry, Route, RouteKind, RoutingError, StartFrom,
};
