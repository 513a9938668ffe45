//! Routing alone: for process managers, and for workflows that are written directly and started by events.

use std::{error::Error as StdError, fmt::Debug, panic::catch_unwind};

use messages::CloudEvent;
use serde::de::DeserializeOwned;

use super::{
    Metadata, OnRoutingError, ProcessManager, Route, RoutingError,
    event::{Decoded, decode},
    route::is_id,
};

/// Which events go where. Every [`ProcessManager`] is one; a workflow that is written directly implements it alone.
pub trait Routing: Send + Sync + 'static {
    /// Name of what the events are for.
    const NAME: &'static str;
    /// The events, an enum tagged with `type` and `data`.
    type Event: Debug + DeserializeOwned + Send + Sync + 'static;
    /// What `route` fails with.
    type Error: StdError + Send + Sync + 'static;

    /// See [`ProcessManager::upcast`].
    #[must_use]
    fn upcast(event: CloudEvent) -> CloudEvent {
        event
    }

    /// See [`ProcessManager::route`].
    ///
    /// # Errors
    /// Whatever keeps it from telling.
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

/// What routing made of an event.
#[derive(Debug)]
pub(crate) enum Routed<R: Routing> {
    /// It goes there.
    To(Route, R::Event),
    /// It is of no interest: ignored, or of an unknown type.
    PassedOver,
    /// It is passed over because its data cannot be read.
    Malformed(String),
}

/// Upcasts, decodes and routes an event. No panic gets through.
pub(crate) fn route<R: Routing>(event: &CloudEvent) -> Result<Routed<R>, RoutingError<R::Error>> {
    let routed = catch_unwind(|| {
        let event = R::upcast(event.clone());
        match decode::<R::Event>(&event) {
            Decoded::Unknown => Ok(Routed::PassedOver),
            Decoded::Malformed(why) => Ok(Routed::Malformed(why)),
            Decoded::Event(decoded) => match R::route(&decoded, &Metadata::from(&event)) {
                Ok(Route::Ignore) => Ok(Routed::PassedOver),
                Ok(route) => Ok(Routed::To(route, decoded)),
                Err(error) => Err(RoutingError::Route(error)),
            },
        }
    });
    let routed = routed.unwrap_or_else(|panic| Err(RoutingError::Panicked(super::panic_message(panic.as_ref()))))?;
    if let Routed::To(Route::To(_, ids), _) = &routed
        && let Some(bad) = ids.iter().find(|id| !is_id(id))
    {
        return Err(RoutingError::InvalidId(bad.clone()));
    }
    Ok(routed)
}
