//! The worker side: activities, dispatch of commands, and the worker itself.

mod dispatch;
mod dispatcher;
#[cfg(feature = "eviction")]
mod eviction;
mod hosted;
mod hosting;
mod logs;
mod manager;
mod start;

pub use self::{
    dispatcher::{DispatchError, Dispatcher, HttpDispatcher},
    hosted::HostedSubscriptions,
    hosting::{Hosting, HostingError},
    manager::Manager,
    start::{WorkerError, start_worker},
};
