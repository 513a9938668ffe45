//! Delivers the events of a log to instances.

mod attempts;
mod deliveries;
mod instances;
pub(crate) mod known;
mod router;
mod running;
mod shared;
mod unrouted;
mod window;

pub(crate) use self::instances::Instances;
pub(crate) use self::router::EventRouter;
pub use self::router::{DeliveryError, DeliveryTarget};
