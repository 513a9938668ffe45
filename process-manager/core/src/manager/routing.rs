//! Routing alone: for process managers, and for workflows that are written directly and started by events.

use std::{error::Error as StdError, fmt::Debug, panic::catch_unwind};

use process_manager_wire::{CloudEvent, panic_message};
use serde::de::DeserializeOwned;

use super::{
    Metadata, OnRoutingError, ProcessManager, Route, RouteKind, RoutingError,
    event::{Decoded, decode},
    route::is_id,
};

/// Event routing. It is implemented for every [`ProcessManager`]; implement it directly to route events to a workflow
/// written by hand.
pub trait Routing: Send + Sync + 'static {
    /// Name of what the events are for.
    const NAME: &'static str;
    /// The events, an enum tagged with `type` and `data`.
    type Event: Debug + DeserializeOwned + Send + Sync + 'static;
    /// The error of `route`.
    type Error: StdError + Send + Sync + 'static;

    /// See [`ProcessManager::upcast`].
    #[must_use]
    fn upcast(event: CloudEvent) -> CloudEvent {
        event
    }

    /// See [`ProcessManager::route`].
    ///
    /// # Errors
    /// Returned when the event cannot be routed.
    fn route(event: &Self::Event, metadata: &Metadata) -> Result<Route, Self::Error>;

    /// See [`ProcessManager::on_routing_error`].
    #[must_use]
    fn on_routing_error(_error: &RoutingError<Self::Error>, _metadata: &Metadata, _attempt: u32) -> OnRoutingError {
        OnRoutingError::Stop
    }
}

impl<M: ProcessManager> Routing for M {
    const NAME: &'static str = M::NAME;
    type Event = M::Event;
    type Error = M::Error;

    fn upcast(event: CloudEvent) -> CloudEvent {
        M::upcast(event)
    }

    fn route(event: &M::Event, metadata: &Metadata) -> Result<Route, M::Error> {
        M::route(event, metadata)
    }

    fn on_routing_error(error: &RoutingError<M::Error>, metadata: &Metadata, attempt: u32) -> OnRoutingError {
        M::on_routing_error(error, metadata, attempt)
    }
}

/// Result of routing an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    /// The event goes to these instances in this way.
    To(RouteKind, Vec<String>),
    /// The event is ignored, or its type is unknown.
    PassedOver,
    /// The type is known, and the data is not that of such an event; the text says why.
    Malformed(String),
}

/// Upcasts, decodes and routes an event. A panic of `upcast` or `route` becomes an error.
///
/// # Errors
/// [`RoutingError::Route`] when `route` fails, [`RoutingError::Panicked`] when it panics, and
/// [`RoutingError::InvalidId`] when it names something that cannot be an instance's id.
pub fn route<R: Routing>(event: &CloudEvent) -> Result<Routed, RoutingError<R::Error>> {
    let routed = catch_unwind(|| {
        let event = R::upcast(event.clone());
        match decode::<R::Event>(&event) {
            Decoded::Unknown => Ok(Routed::PassedOver),
            Decoded::Malformed(why) => Ok(Routed::Malformed(why)),
            Decoded::Event(decoded) => match R::route(&decoded, &Metadata::from(&event)) {
                Ok(Route::Ignore) => Ok(Routed::PassedOver),
                Ok(Route::To(kind, ids)) => Ok(Routed::To(kind, ids)),
                Err(error) => Err(RoutingError::Route(error)),
            },
        }
    });
    let routed = routed.unwrap_or_else(|panic| Err(RoutingError::Panicked(panic_message(panic.as_ref()))))?;
    match &routed {
        Routed::To(_, ids) => match ids.iter().find(|id| !is_id(id)) {
            Some(invalid) => Err(RoutingError::InvalidId(invalid.clone())),
            None => Ok(routed),
        },
        _ => Ok(routed),
    }
}
