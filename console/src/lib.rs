//! The operator's pages: which processes run, which wait for an operator, and why.
//!
//! Rendered on the server, and kept live by server-sent events; every action is a plain form. A page whose service is
//! unavailable says so, shows what is left, and recovers automatically.

mod actions;
mod assets;
mod counts;
mod credit_change;
mod fact;
mod facts;
mod fingerprint;
mod form;
mod instruct;
mod instruction;
mod live;
mod managers;
mod numbers;
mod pace;
mod page;
mod pages;
mod parts;
mod paths;
mod pick;
mod process;
mod security;
mod services;
mod session;
mod signals;
mod sources;
mod view;
mod words;

use axum::{
    Router,
    extract::FromRef,
    middleware::map_response,
    routing::{get, post},
};
use contracts_client::ContractsClient;
use process_manager_client::http::CommandClient;
use process_manager_host::operator::Operator;
use tokio_util::sync::CancellationToken;
use url::Url;
use voiding_client::VoidingClient;

use self::{counts::Counter, live::Live, sources::Sources};

/// The programs that the console reads and commands.
#[derive(Debug, Clone)]
pub struct ConsoleState {
    /// The voidings, with Billing.
    pub voidings: VoidingClient,
    /// The instances of process managers.
    pub operator: Operator,
    /// Reports.
    pub reports: CommandClient,
    /// The credit changes, with Contracts.
    pub contracts: ContractsClient,
    /// URL of Temporal's Web UI, for links to it.
    pub temporal_ui_url: Option<Url>,
    /// Cancelled when the program is to end; live pages are then disconnected.
    pub shutdown: CancellationToken,
}

/// State of the handlers.
#[derive(Clone)]
struct Console {
    sources: Sources,
    live: Live,
}

impl FromRef<Console> for Sources {
    fn from_ref(console: &Console) -> Self {
        console.sources.clone()
    }
}

impl FromRef<Console> for Live {
    fn from_ref(console: &Console) -> Self {
        console.live.clone()
    }
}

/// Returns the pages, their actions and assets.
pub fn router(state: ConsoleState) -> Router {
    let ConsoleState { voidings, operator, reports, contracts, temporal_ui_url, shutdown } = state;
    let counter = Counter::new(voidings.clone(), operator.clone());
    let acted = std::sync::Arc::default();
    let numbers = numbers::Numbers::default();
    let sources =
        Sources { voidings, operator, reports, contracts, counter, numbers, temporal_ui_url, acted, shutdown };
    let actions = Router::new()
        .route(paths::ACKNOWLEDGE, post(actions::acknowledge))
        .route(paths::RETRY, post(actions::retry))
        .route(paths::ACKNOWLEDGE_INSTANCE, post(actions::acknowledge))
        .route(paths::RETRY_INSTANCE, post(actions::retry))
        .route(paths::INSTRUCT_INSTANCE, post(instruct::instruct))
        .route(paths::STEER_CREDIT_CHANGE, post(credit_change::steer))
        .route(paths::SELECTION, post(actions::selection))
        .route(paths::VOID, post(actions::void))
        .route(paths::PUBLISH, post(actions::publish))
        .route(paths::ISSUE, post(actions::issue));
    Router::new()
        .merge(pages::router())
        .route("/assets/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::icon))
        .merge(actions)
        .layer(map_response(security::headers))
        .with_state(Console { sources, live: Live::default() })
}
