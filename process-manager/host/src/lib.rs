//! Hosts process managers on Temporal.
//!
//! - [`Hosting`] puts process managers and subscriptions into a worker;
//! - [`Dispatcher`] sends their commands, [`HttpDispatcher`] over HTTP;
//! - [`DeliveryTarget`] takes routed events: the instances of a process manager, or a workflow written by hand;
//! - [`operator`] lists, reads and signals instances and subscriptions;
//! - [`subscription`] follows event logs;
//! - [`wait_until_handled`] gives a caller strong consistency;
//! - [`connect`], [`search_attributes`] and [`start`] are what programs around Temporal need;
//! - `dev_server` (feature `dev-server`) runs Temporal's dev server as a child that never outlives the program;
//! - `testing` (feature `testing`) runs process managers on a real server, for tests.

pub mod connect;
mod delivery;
#[cfg(feature = "dev-server")]
pub mod dev_server;
pub mod operator;
pub mod search_attributes;
pub mod start;
pub mod subscription;
#[cfg(feature = "testing")]
pub mod testing;
mod wait;
mod worker;

pub use self::{
    delivery::{DeliveryError, DeliveryTarget},
    wait::{WaitError, instance, wait_until_handled},
    worker::{
        DispatchError, Dispatcher, HostedSubscriptions, Hosting, HostingError, HttpDispatcher, Manager, WorkerError,
        start_worker,
    },
};
