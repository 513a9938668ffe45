//! REST and OpenAPI in front of the processes; its binary also serves the console's pages.
//!
//! Thin on purpose: Billing decides whether a document may be voided, the workflow carries out the voiding, and both
//! store their state. The api stores nothing, so any number of replicas may run, and processes do not need any.

mod app;
mod config;
mod docs;
mod error;
mod prefer;
mod ready;
mod routes;
mod voiding;

use anyhow::Context;
use axum::Router;
use console::ConsoleState;
use contracts_client::ContractsClient;
use process_manager_client::http::{CommandClient, Timeouts};
use process_manager_host::{connect::LazyClient, operator::Operator};
use service_kit::{bind, ready_check, serve};
use tokio_util::sync::CancellationToken;
use voiding_client::VoidingClient;

use app::App;
use ready::Polls;
use voiding::Presenter;

pub use config::Config;
pub use contracts_client::{ContractConfirmation, ContractConfirmationState};
pub use routes::CreditChange;
pub use voiding::{Links, Voiding};

const NAME: &str = "api";

/// Serves until `shutdown`. Temporal may start later than the api: `client` may connect lazily.
///
/// # Errors
/// Returns an error if it cannot listen on the address, or if `BILLING_URL`, `REPORTS_URL` or `CONTRACTS_URL` is not an
/// HTTP URL.
pub async fn run(config: Config, client: impl Into<LazyClient>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let listener = bind(NAME, &config.addr, config::ADDR_VARIABLE).await?;
    let (billing_url, temporal_ui_url) = (config.billing_for_clients(), config.temporal_ui_for_clients());
    let billing = CommandClient::new(config.billing_url, Timeouts::default()).context("BILLING_URL")?;
    let reports = CommandClient::new(config.reports_url, Timeouts::default()).context("REPORTS_URL")?;
    let contracts = CommandClient::new(config.contracts_url, Timeouts::default()).context("CONTRACTS_URL")?;
    let temporal = client.into();
    let voidings = VoidingClient::new(temporal.clone(), billing);
    voidings.watch_owner();
    let operator = Operator::new(temporal);
    let contracts = ContractsClient::new(&operator, contracts);
    let console = console::router(ConsoleState {
        voidings: voidings.clone(),
        operator: operator.clone(),
        reports,
        contracts: contracts.clone(),
        temporal_ui_url: temporal_ui_url.clone(),
        shutdown: shutdown.clone(),
    });
    let presenter = Presenter { billing_url, temporal_ui_url };
    let app = App { voidings, contracts, presenter, shutdown: shutdown.clone() };
    Ok(serve(NAME, listener, router(app, console), shutdown).await?)
}

fn router(app: App, console: Router) -> Router {
    let (routes, document) = docs::documented();
    let (voidings, polls) = (app.voidings.clone(), Polls::default());
    let ready = ready_check(move || {
        let (voidings, polls) = (voidings.clone(), polls.clone());
        async move { ready::check(&voidings, &polls).await.map_err(|why| why.to_string()) }
    });
    service_kit::app(NAME, routes.with_state(app).merge(docs::router(document)).merge(console), ready)
}
