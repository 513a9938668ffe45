//! Delivers the events of a log to instances.

mod instances;
mod router;

pub(crate) use self::instances::Instances;
pub(crate) use self::router::EventRouter;
pub use self::router::{DeliveryError, DeliveryTarget};
