//! The console: web pages for the operator who has to know which voidings run, which wait for a person, and why.
//!
//! Rendered here, live by server-sent events, and every action is a plain form. Pages that a service is missing for say
//! so and show what is left; they ask again by themselves.

mod actions;
mod assets;
mod counts;
mod documents;
mod form;
mod instance;
mod instances;
mod layout;
mod live;
mod managers;
mod notice;
mod process;
mod processes;
mod reports;
mod security;
mod standing;
mod visitor;
mod words;

use axum::{
    Router,
    extract::{FromRef, Path, State},
    middleware::{from_fn, map_response},
    response::Response,
    routing::{get, post},
};
use service_kit::Params;

pub(crate) use self::reports::Reports;
use self::{counts::Counter, live::Live, visitor::Visitor};
use crate::app::App;

/// What the console's handlers have at hand.
#[derive(Clone)]
pub(crate) struct Console {
    app: App,
    reports: Reports,
    counter: Counter,
    live: Live,
}

impl Console {
    pub(crate) fn new(app: App, reports: Reports) -> Self {
        let counter = Counter::new(app.temporal.clone());
        Self { app, reports, counter, live: Live::default() }
    }
}

impl FromRef<Console> for App {
    fn from_ref(console: &Console) -> Self {
        console.app.clone()
    }
}

/// Pages, actions, assets.
pub(crate) fn router(console: Console) -> Router {
    let actions = Router::new()
        .route("/console/acknowledge", post(actions::acknowledge::acknowledge))
        .route("/console/retry", post(actions::retry::retry))
        .route("/console/instance/acknowledge", post(actions::instance::acknowledge::acknowledge_instance))
        .route("/console/instance/retry", post(actions::instance::retry::retry_instance))
        .route("/console/selection", post(actions::selection::act_on_selection))
        .route("/console/void", post(actions::void::void_document))
        .route("/console/publish", post(actions::publish::publish_report))
        .route("/console/issue", post(actions::issue::issue_document))
        .layer(from_fn(security::same_origin));
    Router::new()
        .route("/", get(processes::list_processes))
        .route("/processes/{document_id}", get(process::show_process))
        .route("/reports", get(documents::show_documents))
        .route("/console/events", get(live::events))
        .route("/assets/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::icon))
        .merge(instances_of_managers())
        .merge(actions)
        .layer(map_response(security::headers))
        .with_state(console)
}

/// For each process manager a page of its instances, and one for each of these.
fn instances_of_managers() -> Router<Console> {
    managers::MANAGERS.into_iter().fold(Router::new(), |router, manager| {
        let list = move |State(console): State<Console>, visitor: Visitor, params: Params| {
            instances::list_instances(manager, console, visitor, params)
        };
        let show = move |State(console): State<Console>, visitor: Visitor, Path(id): Path<String>| {
            instance::show_instance(manager, console, visitor, id)
        };
        router.route(manager.path, get(list)).route(&format!("{}/{{id}}", manager.path), get(show))
    })
}

/// The page for an address that leads nowhere.
fn not_found(visitor: &Visitor, what: &str) -> Response {
    layout::Page::new("Not found", visitor).not_found(what)
}
