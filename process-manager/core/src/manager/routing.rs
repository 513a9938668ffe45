//! Routing without a process manager's other functions, also for hand-written workflows that events start.

use std::{error::Error as StdError, fmt::Debug, panic::catch_unwind};

use process_manager_wire::{CloudEvent, panic_message};
use serde::de::DeserializeOwned;

use super::{
    Metadata, OnRoutingError, ProcessManager, Route, RouteKind, RoutingError,
    event::{Decoded, decode, is_known},
    route::is_id,
};

/// Event routing. Every [`ProcessManager`] implements it. Implement it directly to route events to a hand-written
/// workflow.
pub trait Routing: Send + Sync + 'static {
    /// The name of the receiver of the events.
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
    /// Returned if the event cannot be routed.
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

/// The result of routing an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    /// The event goes to these instances in this way.
    To(RouteKind, Vec<String>),
    /// The event is ignored, or its type is unknown.
    PassedOver,
}

/// Returns whether the event type belongs to the routing. Events of other types are ignored, even if they cannot be
/// read.
#[must_use]
pub fn knows<R: Routing>(kind: &str) -> bool {
    is_known::<R::Event>(kind)
}

/// Upcasts, decodes and routes an event. A panic of `upcast` or `route` becomes an error.
///
/// # Errors
/// [`RoutingError::Malformed`] if the type is known but the data does not fit it, [`RoutingError::Route`] if `route`
/// fails, [`RoutingError::Panicked`] if it panics, and [`RoutingError::InvalidId`] if it returns something that cannot
/// be an instance's id.
pub fn route<R: Routing>(event: &CloudEvent) -> Result<Routed, RoutingError<R::Error>> {
    let routed = catch_unwind(|| {
        let event = R::upcast(event.clone());
        match decode::<R::Event>(&event) {
            Decoded::Unknown => Ok(Routed::PassedOver),
            Decoded::Malformed(why) => Err(RoutingError::Malformed(why)),
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::manager::sample;

    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum Event {
        Paid { amount: u32 },
        Named { id: String },
    }

    struct Payments;

    impl Routing for Payments {
        const NAME: &'static str = "Payments";
        type Event = Event;
        type Error = Infallible;

        fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
            Ok(match event {
                Event::Paid { amount } => Route::start(amount),
                Event::Named { id } => Route::start(id),
            })
        }
    }

    #[test]
    fn an_id_of_1_to_200_characters_is_routed_to_and_another_one_is_a_routing_error() {
        let routed = |id: &str| route::<Payments>(&sample::event(1, "Named", json!({"id": id})));
        for id in ["ü".repeat(200), "x".to_owned()] {
            assert_eq!(routed(&id).unwrap(), Routed::To(RouteKind::Start, vec![id]));
        }
        for id in ["ü".repeat(201), String::new(), "a\nb".to_owned()] {
            assert!(matches!(routed(&id), Err(RoutingError::InvalidId(invalid)) if invalid == id));
        }
    }

    #[test]
    fn data_of_a_known_type_that_cannot_be_read_is_a_routing_error_and_an_unknown_type_is_passed_over() {
        let routed = |kind, data| route::<Payments>(&sample::event(1, kind, data));
        assert!(matches!(routed("Paid", json!({"amount": 12})), Ok(Routed::To(RouteKind::Start, _))));
        let malformed = routed("Paid", json!({"amount": "12.50"}));
        assert!(matches!(&malformed, Err(RoutingError::Malformed(why)) if why.contains("12.50")), "{malformed:?}");
        assert_eq!(routed("Moved", json!({"amount": "12.50"})).unwrap(), Routed::PassedOver);
        assert!(knows::<Payments>("Paid") && !knows::<Payments>("Moved"));
    }
}
