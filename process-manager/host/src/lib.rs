//! Hosts process managers on Temporal.
//!
//! - [`Hosting`] puts process managers and subscriptions into a worker;
//! - [`Dispatcher`] sends their commands, [`HttpDispatcher`] over HTTP;
//! - [`DeliveryTarget`] takes routed events: the instances of a process manager, or a hand-written workflow;
//! - [`operator`] lists, reads and signals instances and subscriptions;
//! - [`batch`] sends one command for each of many items;
//! - [`subscription`] follows event logs;
//! - [`wait_until_handled`] gives a caller strong consistency;
//! - [`connect`], [`search_attributes`] and [`start`] are for programs around Temporal;
//! - [`upgrade`] reports what new code would do with open instances;
//! - `dev_server` (feature `dev-server`) runs Temporal's dev server as a child that never outlives the program;
//! - `testing` (feature `testing`) runs process managers on a real server, for tests.
//!
//! A worker hosts a process manager beside its other workflows:
//!
//! ```no_run
//! # use process_manager::manager::ProcessManager;
//! # async fn host<Fulfilment: ProcessManager>(
//! #     shop_url: url::Url,
//! #     depot_url: url::Url,
//! #     is_for_the_depot: fn(&Fulfilment::Command) -> bool,
//! #     client: temporalio_client::Client,
//! #     mut worker_options: temporalio_sdk::WorkerOptions,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use process_manager_client::feed::FeedClient;
//! use process_manager_host::{Hosting, HttpDispatcher, Manager, start_worker};
//! use temporalio_common::telemetry::TelemetryOptions;
//! use tokio_util::sync::CancellationToken;
//!
//! let shop = HttpDispatcher::<Fulfilment::Command>::client(shop_url.clone())?;
//! let depot = HttpDispatcher::<Fulfilment::Command>::client(depot_url)?;
//! let dispatcher = HttpDispatcher::choosing(move |command: &Fulfilment::Command| match is_for_the_depot(command) {
//!     true => depot.clone(),
//!     false => shop.clone(),
//! });
//! let fulfilment = Manager::<Fulfilment>::new(FeedClient::new(shop_url)?, dispatcher);
//!
//! let stop = CancellationToken::new();
//! let hosting = Hosting::new(client.clone(), "orders", stop).manager(fulfilment);
//! let subscriptions = hosting.register(&mut worker_options)?;
//! let mut worker = start_worker(&client, worker_options, TelemetryOptions::builder().build())?;
//! let report = |outcome| tracing::debug!(?outcome, "subscriptions are ensured");
//! tokio::select! {
//!     ended = worker.run() => ended?,
//!     () = subscriptions.keep(&client, report) => (),
//! }
//! # Ok(())
//! # }
//! ```

pub mod batch;
pub mod connect;
mod delivery;
#[cfg(feature = "dev-server")]
pub mod dev_server;
mod ended;
mod heartbeat;
pub mod operator;
pub mod search_attributes;
pub mod start;
pub mod subscription;
#[cfg(feature = "testing")]
pub mod testing;
pub mod upgrade;
mod wait;
mod worker;

pub use self::{
    delivery::{DeliveryError, DeliveryTarget},
    wait::{WaitError, instance, wait_until_handled, wait_until_handled_by},
    worker::{
        DispatchError, Dispatcher, HostedSubscriptions, Hosting, HostingError, HttpDispatcher, Manager, WorkerError,
        start_worker,
    },
};
