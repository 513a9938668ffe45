//! Runs process managers on Temporal: one workflow for each instance.

mod activity;
mod begin;
mod client;
mod deliver;
mod dispatcher;
mod fetch;
mod hosting;
mod idle;
mod logs;
mod publish;
mod run;
mod send;
mod target;
mod worker;
mod workflow;

pub use self::{
    client::{HandledError, instance, wait_until_handled},
    deliver::{Deliveries, Delivery, DeliveryError, Router, Target},
    dispatcher::{DispatchError, Dispatcher, HttpDispatcher},
    hosting::{HostedSubscriptions, Hosting},
    publish::{MEMO, Published},
    worker::{WorkerError, start_worker},
    workflow::{ProcessInstance, workflow_id},
};
