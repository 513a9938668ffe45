//! The worker of the rows a to e: another instance of this program. It starts workflows on request, over its own
//! connection.

use std::{io::stdin, process::exit, sync::Arc, thread, time::Duration};

use activities::{Billing, Reports};
use process_manager_client::http::{CommandClient, Timeouts};
use process_manager_host::{
    connect::TemporalConfig,
    search_attributes::{OF_PROCESS_MANAGERS, register},
    start_worker,
};
use serde::{Deserialize, Serialize};
use service_kit::init_tracing;
use temporalio_common::{protos::temporal::api::enums::v1::IndexedValueType::Keyword, telemetry::TelemetryOptions};
use tokio::runtime::Handle;
use worker::worker_options;
use workflows::voiding::{CUSTOMER_ID, DOCUMENT_ID, DocumentVoiding, VOIDING_STATE};

use crate::{
    kinds::{Empty, Kind, Regular},
    start::Starter,
};

/// The argument that makes this program the worker.
pub(crate) const ARGUMENT: &str = "worker";

/// A line on stdin: start one workflow.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) number: usize,
    pub(crate) kind: Kind,
}

/// A line on stdout.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// The worker polls.
    Ready,
    /// The start with this number was answered.
    Started { number: usize, outcome: Result<(), String> },
}

/// Hosts the workflows until stdin ends.
pub(crate) async fn run(address: &str, namespace: &str, services: &str) {
    init_tracing();
    let config = TemporalConfig::at(address.parse().unwrap(), namespace);
    let client = config.connect_when_up().await.unwrap();
    let of_voidings = [(VOIDING_STATE.name(), Keyword), (DOCUMENT_ID.name(), Keyword), (CUSTOMER_ID.name(), Keyword)];
    register(&client, &of_voidings.into_iter().chain(OF_PROCESS_MANAGERS).collect::<Vec<_>>()).await;
    let commands = CommandClient::new(services.parse().unwrap(), Timeouts::default()).unwrap();
    let mut options = worker_options();
    options.register_workflow::<DocumentVoiding>().unwrap();
    options.register_workflow::<Empty>().unwrap();
    options.register_workflow::<Regular>().unwrap();
    options.register_activities(Billing::new(commands.clone(), Duration::ZERO));
    options.register_activities(Reports::new(commands, Duration::ZERO));
    let mut worker = start_worker(&client, options, TelemetryOptions::builder().build()).unwrap();
    obey(Starter::new(&client, services, true));
    worker.run().await.unwrap();
}

/// Reads the orders in a separate thread. The program ends with them, and so with the program that gives them.
fn obey(starter: Starter) {
    let (starter, runtime) = (Arc::new(starter), Handle::current());
    tell(&Told::Ready);
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            let Order { number, kind } = serde_json::from_str(&line).unwrap();
            let starter = Arc::clone(&starter);
            runtime.spawn(async move {
                let outcome = starter.start(kind, number).await;
                tell(&Told::Started { number, outcome });
            });
        }
        exit(0);
    });
}

fn tell(what: &Told) {
    println!("{}", serde_json::to_string(what).unwrap());
}
