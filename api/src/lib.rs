//! REST, OpenAPI and the console in front of the voiding process.
//!
//! Thin on purpose: Billing decides whether a document may be voided, the workflow carries the voiding out, and both
//! remember. The api keeps nothing, so any number of it may run, and none has to.

mod app;
mod begin;
mod billing;
mod config;
mod console;
mod docs;
mod error;
mod filter;
mod pages;
mod prefer;
mod ready;
mod routes;
mod temporal;
mod voiding;

use anyhow::Context;
use axum::Router;
use process_manager_client::http::{CommandClient, Timeouts};
use process_manager_host::connect::LazyClient;
use service_kit::{bind, ready_check, serve};
use tokio_util::sync::CancellationToken;

pub use config::Config;
pub use voiding::{Links, Voiding};

const NAME: &str = "api";

/// Serves until `shutdown`. Temporal may come up later than the api: `client` may be one that connects by itself.
///
/// # Errors
/// The address cannot be listened on, or `BILLING_URL` or `REPORTS_URL` is not one of an HTTP service.
pub async fn run(config: Config, client: impl Into<LazyClient>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let listener = bind(NAME, &config.addr, config::ADDR_VARIABLE).await?;
    let app = app::App {
        billing: billing::Billing(
            CommandClient::new(config.billing_url.clone(), Timeouts::default()).context("BILLING_URL")?,
        ),
        temporal: temporal::Temporal(client.into()),
        presenter: voiding::Presenter { billing_url: config.billing_url, temporal_ui_url: config.temporal_ui_url },
        shutdown: shutdown.clone(),
    };
    let reports = CommandClient::new(config.reports_url, Timeouts::default()).context("REPORTS_URL")?;
    let console = console::Console::new(app.clone(), console::Reports(reports));
    Ok(serve(NAME, listener, router(app, console), shutdown).await?)
}

fn router(app: app::App, console: console::Console) -> Router {
    let (routes, document) = docs::documented().split_for_parts();
    let ready = {
        let app = app.clone();
        ready_check(move || {
            let app = app.clone();
            async move { ready::check(&app).await.map_err(|why| why.to_string()) }
        })
    };
    service_kit::app(NAME, routes.with_state(app).merge(docs::router(document)).merge(console::router(console)), ready)
}
