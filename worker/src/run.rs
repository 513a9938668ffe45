//! Runs the worker from start to shutdown.

use std::{sync::Arc, time::Duration};

use axum::Router;
use process_manager_client::http::{CommandClient, Timeouts};
use process_manager_host::{
    HostedSubscriptions,
    search_attributes::{Attribute, OF_PROCESS_MANAGERS, register},
    start::StartError,
};
use process_manager_wire::error_chain;
use service_kit::{ReadyCheck, app, bind, ready_check, serve};
use temporalio_client::Client;
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType::Keyword;
use tokio::{sync::watch, time::interval};
use tokio_util::sync::CancellationToken;
use voiding_client::{AnotherSystem, VoidingClient};
use workflows::voiding::{CUSTOMER_ID, DOCUMENT_ID, TASK_QUEUE, VOIDING_STATE};

use crate::{Config, config::ADDR_VARIABLE, host::Host};

const NAME: &str = "worker";
/// Interval at which the owner of the namespace is asked for.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Hosts the voiding and the process managers, their activities and their subscriptions, until `shutdown`. Activities
/// in flight then have about 10 s to end.
///
/// # Errors
/// Returns an error if the address is in use, a service's URL is invalid, or Temporal rejects the worker for good (the
/// namespace is gone, or access is denied). An unavailable Temporal server or service is not an error.
pub async fn run(config: Config, client: Client, shutdown: CancellationToken) -> anyhow::Result<()> {
    let listener = bind(NAME, &config.addr, ADDR_VARIABLE).await?;
    let (state, readiness) = watch::channel(Err("the search attributes are being registered".to_owned()));
    let end_http = CancellationToken::new();
    let http = tokio::spawn(serve(NAME, listener, app(NAME, Router::new(), ready(readiness)), end_http.clone()));
    let outcome = host(&config, &client, &state, &shutdown).await;
    end_http.cancel();
    http.await??;
    outcome
}

/// Returns the search attributes of all runs.
pub(crate) fn search_attributes() -> Vec<Attribute> {
    let of_voidings = [(VOIDING_STATE.name(), Keyword), (DOCUMENT_ID.name(), Keyword), (CUSTOMER_ID.name(), Keyword)];
    of_voidings.into_iter().chain(OF_PROCESS_MANAGERS).collect()
}

async fn host(
    config: &Config,
    client: &Client,
    state: &watch::Sender<Result<(), String>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    if shutdown.run_until_cancelled(register(client, &search_attributes())).await.is_none() {
        return Ok(());
    }
    let billing = CommandClient::new(config.billing_url.clone(), Timeouts::default())?;
    let voidings = VoidingClient::new(client.clone(), billing);
    let Some(is_known) = shutdown.run_until_cancelled(await_own_namespace(&voidings, state)).await else {
        return Ok(());
    };
    let mut host = Host::start(config, client).await?;
    tracing::info!("worker polls task queue {TASK_QUEUE}");
    tokio::select! {
        outcome = &mut host.ended => return outcome?,
        () = keep_subscriptions(&host.subscriptions, client, state) => (),
        another = find_another_system(&voidings, is_known) => return Err(another.into()),
        () = shutdown.cancelled() => (),
    }
    tracing::info!("worker ends; waiting for activities in flight");
    state.send_modify(|state| *state = Err("the worker ends".to_owned()));
    host.drain().await
}

/// Waits while the namespace belongs to another system, because this worker would run that system's processes against
/// the wrong services. Returns whether the owner is known; an unavailable service does not hold the worker up.
async fn await_own_namespace(voidings: &VoidingClient, state: &watch::Sender<Result<(), String>>) -> bool {
    let mut ticks = interval(ASK_EVERY);
    let mut told = false;
    loop {
        ticks.tick().await;
        match voidings.owner().await {
            Ok(Ok(())) => return true,
            Ok(Err(another)) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::error!("the worker polls for nothing: {another}");
                }
                state.send_modify(|state| *state = Err(another.to_string()));
            }
            Err(error) => {
                tracing::debug!("the owner of the namespace is not known yet: {}", error_chain(&error));
                return false;
            }
        }
    }
}

/// Returns once the namespace is known to belong to another system; never if it is this system's.
async fn find_another_system(voidings: &VoidingClient, is_known: bool) -> AnotherSystem {
    let mut ticks = interval(ASK_EVERY);
    let mut is_known = is_known;
    while !is_known {
        ticks.tick().await;
        match voidings.owner().await {
            Ok(Err(another)) => return another,
            Ok(Ok(())) => is_known = true,
            Err(error) => tracing::debug!("the owner of the namespace is not known yet: {}", error_chain(&error)),
        }
    }
    std::future::pending().await
}

/// Starts subscriptions that do not run, and keeps the outcome for the check of readiness. Never returns.
async fn keep_subscriptions(
    subscriptions: &HostedSubscriptions,
    client: &Client,
    state: &watch::Sender<Result<(), String>>,
) {
    let report = |outcome: Result<(), StartError>| {
        let outcome = outcome.map_err(|error| format!("the subscriptions cannot be started: {}", error_chain(&error)));
        if let Err(why) = &outcome {
            tracing::warn!("{why}");
        }
        state.send_modify(|state| *state = outcome);
    };
    subscriptions.keep(client, report).await;
}

fn ready(state: watch::Receiver<Result<(), String>>) -> ReadyCheck {
    let state = Arc::new(state);
    ready_check(move || {
        let state = state.borrow().clone();
        async move { state }
    })
}
