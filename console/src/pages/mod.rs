//! The pages, one file each, and their addresses.

mod attention;
mod diagram;
mod document;
mod documents;
mod instance;
mod instances;
mod instances_parts;
mod listing;
mod overview;
mod process;
mod processes;
mod processes_parts;
mod report;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use messages::{DocumentId, ProcessId};
use service_kit::Params;

pub(crate) use self::documents::ISSUE;
use self::{
    attention::AttentionPage, documents::DocumentsPage, instance::InstancePage, instances::InstancesPage,
    process::ProcessPage, processes::ProcessesPage,
};
use crate::{
    live::{Follow, Live, Watched},
    managers::{MANAGERS, Manager},
    page::{Page, show},
    paths,
    session::Visitor,
    sources::Sources,
};

/// Returns the pages, and the events that notify them that they are out of date.
pub(crate) fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Sources: FromRef<S>,
    Live: FromRef<S>,
{
    let pages = Router::new()
        .route(paths::PROCESSES, get(processes))
        .route(paths::PROCESS, get(process))
        .route(paths::ATTENTION, get(attention))
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

async fn attention(State(sources): State<Sources>, visitor: Visitor, params: Params) -> Response {
    show(AttentionPage::read(&params), sources, visitor).await
}

async fn process(
    State(sources): State<Sources>,
    visitor: Visitor,
    Path(document_id): Path<String>,
    params: Params,
) -> Response {
    let process_id = params.value::<ProcessId>("process");
    match (document_id.parse::<DocumentId>(), process_id) {
        (Ok(document_id), Ok(process_id)) => show(ProcessPage { document_id, process_id }, sources, visitor).await,
        _ => Page::new("Not found", &visitor)
            .not_found("The address names no document: an id has letters, digits, '.', '_' and '-' only."),
    }
}

async fn documents(State(sources): State<Sources>, visitor: Visitor, params: Params) -> Response {
    show(DocumentsPage::read(&params), sources, visitor).await
}

/// Maximum number of pages of one event stream.
const MOST_PAGES: usize = 32;

/// `GET /console/events?on=…&seen=…` for one page, `?page0=on%3D…&page1=…` for several.
async fn events(State(sources): State<Sources>, State(live): State<Live>, params: Params) -> Response {
    let text = |name: String| params.text(&name).ok().flatten().map(Params::parse);
    let several = (0..MOST_PAGES).map_while(|number| Some((Some(number), text(format!("page{number}"))?)));
    let mut pages: Vec<_> = several.collect();
    if pages.is_empty() {
        pages.push((None, params));
    }
    let follow = |(number, params): (Option<usize>, Params)| {
        let seen = params.text("seen").ok().flatten().and_then(|seen| seen.parse().ok());
        Some(Follow { page: watched(&params)?, seen, number })
    };
    match pages.into_iter().map(follow).collect() {
        Some(pages) => live.events(&sources, pages),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Returns the page that a topic names.
fn watched(params: &Params) -> Option<Arc<dyn Watched>> {
    let text = |name: &str| params.text(name).ok().flatten();
    let manager = || Manager::named(text("manager")?);
    Some(match text("on")? {
        "processes" => Arc::new(ProcessesPage::read(params)),
        "process" => {
            let (document_id, process_id) = (text("document_id")?.parse().ok()?, text("process"));
            Arc::new(ProcessPage { document_id, process_id: process_id.and_then(|id| id.parse().ok()) })
        }
        "instances" => Arc::new(InstancesPage::read(manager()?, params)),
        "instance" => Arc::new(InstancePage { manager: manager()?, id: text("id")?.to_owned() }),
        "documents" => Arc::new(DocumentsPage::read(params)),
        _ => return None,
    })
}
