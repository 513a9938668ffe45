//! The pages, one file each, and their addresses.

mod diagram;
mod document;
mod documents;
mod instance;
mod instances;
mod process;
mod processes;
mod processes_parts;
mod report;

use axum::{
    Router,
    extract::{FromRef, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use messages::DocumentId;
use service_kit::Params;

pub(crate) use self::documents::ISSUE;
use self::{
    documents::DocumentsPage, instance::InstancePage, instances::InstancesPage, process::ProcessPage,
    processes::ProcessesPage,
};
use crate::{
    live::Live,
    managers::{MANAGERS, Manager},
    page::{Page, show},
    paths,
    session::Visitor,
    sources::Sources,
};

/// Returns the pages, and the events that tell them that they are out of date.
pub(crate) fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Sources: FromRef<S>,
    Live: FromRef<S>,
{
    let pages = Router::new()
        .route(paths::PROCESSES, get(processes))
        .route(paths::PROCESS, get(process))
        .route(paths::REPORTS, get(documents))
        .route(paths::EVENTS, get(events));
    MANAGERS.into_iter().fold(pages, |router, manager| {
        let list = move |State(sources): State<Sources>, visitor: Visitor, params: Params| {
            show(InstancesPage::read(manager, &params), sources, visitor)
        };
        let one = move |State(sources): State<Sources>, visitor: Visitor, Path(id): Path<String>| {
            show(InstancePage { manager, id }, sources, visitor)
        };
        router.route(manager.path, get(list)).route(&format!("{}/{{id}}", manager.path), get(one))
    })
}

async fn processes(State(sources): State<Sources>, visitor: Visitor, params: Params) -> Response {
    show(ProcessesPage::read(&params), sources, visitor).await
}

async fn process(State(sources): State<Sources>, visitor: Visitor, Path(document_id): Path<String>) -> Response {
    match document_id.parse::<DocumentId>() {
        Ok(document_id) => show(ProcessPage { document_id }, sources, visitor).await,
        Err(_) => Page::new("Not found", &visitor)
            .not_found("The address names no document: an id has letters, digits, '.', '_' and '-' only."),
    }
}

async fn documents(State(sources): State<Sources>, visitor: Visitor, params: Params) -> Response {
    show(DocumentsPage::read(&params), sources, visitor).await
}

/// `GET /console/events?on=processes|process|instances|instance|documents&seen=…`
async fn events(State(sources): State<Sources>, State(live): State<Live>, params: Params) -> Response {
    let text = |name: &str| params.text(name).ok().flatten();
    let manager = || Manager::named(text("manager")?);
    let events = match text("on") {
        Some("processes") => Some(live.events(sources, ProcessesPage::read(&params), &params)),
        Some("process") => {
            let document_id = text("document_id").and_then(|id| id.parse().ok());
            document_id.map(|document_id| live.events(sources, ProcessPage { document_id }, &params))
        }
        Some("instances") => {
            manager().map(|manager| live.events(sources, InstancesPage::read(manager, &params), &params))
        }
        Some("instance") => manager()
            .zip(text("id"))
            .map(|(manager, id)| live.events(sources, InstancePage { manager, id: id.to_owned() }, &params)),
        Some("documents") => Some(live.events(sources, DocumentsPage::read(&params), &params)),
        _ => None,
    };
    events.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}
