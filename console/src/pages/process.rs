//! `GET /processes/{document_id}`: one voiding, with its state, its past and the possible actions.

use chrono::Utc;
use maud::{Markup, html};
use messages::{DocumentId, ProcessId};
use voiding_client::{Run, Unavailable};

use super::diagram::diagram;
use crate::{
    fingerprint::fingerprint,
    page::LivePage,
    parts::{badges, unavailable},
    paths, process,
    session::Visitor,
    sources::Sources,
    view::{
        self, ProcessView,
        voiding::{add_retried, view},
    },
    words,
};

/// The page.
#[derive(Debug, Clone)]
pub(super) struct ProcessPage {
    pub(super) document_id: DocumentId,
    /// The process; the latest one if the address names none.
    pub(super) process_id: Option<ProcessId>,
}

/// The content of the page.
#[derive(Hash)]
pub(super) struct Model {
    view: Option<ProcessView>,
    unavailable: Option<Unavailable>,
    /// The document's other processes, newest first.
    others: Vec<ProcessView>,
}

impl LivePage for ProcessPage {
    type Model = Model;

    fn topic(&self) -> String {
        let process = self.process_id.iter().map(|id| format!("&process={id}")).collect::<String>();
        format!("on=process&document_id={}{process}", self.document_id)
    }

    async fn load(&self, sources: &Sources) -> Model {
        if let Some(process_id) = &self.process_id {
            return match sources.voidings.run_of(&self.document_id, process_id).await {
                Ok(run) => Model { view: run.map(of_run), unavailable: None, others: Vec::new() },
                Err(_) => Model { view: None, unavailable: Some(Unavailable::Temporal), others: Vec::new() },
            };
        }
        let found = sources.voidings.find(&self.document_id).await;
        Model { view: found.process.map(view), unavailable: found.unavailable, others: Vec::new() }
    }

    /// Adds what the run's history contains, if it can be read.
    async fn complete(&self, sources: &Sources, mut model: Model) -> Model {
        if model.unavailable.is_some() {
            return model;
        }
        let (retried, processes) =
            tokio::join!(sources.voidings.retried(&self.document_id), sources.voidings.processes_of(&self.document_id));
        let processes = processes.unwrap_or_default();
        if let Some(view) = &mut model.view {
            let is_latest = processes.first().is_none_or(|latest| Some(&latest.run_id) == view.run_id.as_ref());
            // The history is that of the latest run.
            if is_latest {
                add_retried(view, retried.unwrap_or_default());
            }
            let others = processes.into_iter().map(of_run);
            model.others = others.filter(|other| other.process_id != view.process_id).collect();
        }
        model
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(model)
    }

    fn missing(&self, model: &Model) -> Option<String> {
        let is_unknown = model.view.is_none() && model.unavailable.is_none();
        is_unknown.then(|| match &self.process_id {
            Some(id) => format!("Temporal has no process {id} of document {}.", self.document_id),
            None => format!("No voiding of document {} was ever requested.", self.document_id),
        })
    }

    fn title(&self) -> String {
        self.document_id.to_string()
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        html! {
            p class="crumbs" { a href=(paths::PROCESSES) { "Voidings" } " / " }
            h1 { "Voiding of " span class="id" { (self.document_id) } }
        }
    }

    fn body(&self, sources: &Sources, visitor: &Visitor, model: &Model) -> Markup {
        html! {
            (banner(model.unavailable))
            @match &model.view {
                Some(view) => {
                    @let progress = view.progress.as_ref().map(diagram).unwrap_or_default();
                    @let links = self.links(sources, view);
                    (process::body(
                        visitor, view, &html! {}, ("Progress", &progress), &links, &sources.voidings.namespace(), Utc::now(),
                    ))
                    (others(&model.others))
                }
                None => div class="empty" { p { "This process is shown as soon as the program above answers again." } },
            }
        }
    }

    fn shows(&self, model: &Model, about: &str) -> bool {
        model.view.as_ref().is_some_and(ProcessView::waits_for_operator) && about == self.document_id.as_str()
    }
}

impl ProcessPage {
    fn links(&self, sources: &Sources, view: &view::ProcessView) -> Vec<(String, &'static str)> {
        let reports = view.customer.as_ref().map(paths::reports_of);
        let reports = reports.map(|href| (href, "Reports and documents of this customer"));
        let temporal = sources.web_ui(&view.workflow_id, view.run_id.as_deref());
        reports.into_iter().chain(temporal).chain([(paths::voiding(&self.document_id), "View JSON")]).collect()
    }
}

fn of_run(run: Run) -> ProcessView {
    view(run.into())
}

/// Writes links to the other processes of the document.
fn others(others: &[ProcessView]) -> Markup {
    let now = Utc::now();
    html! {
        @if !others.is_empty() {
            section class="card" aria-labelledby="others" {
                h2 id="others" { "Other processes of this document" }
                ul class="others" {
                    @for other in others {
                        li {
                            a href=(other.page()) { "Requested " (words::age(other.began_at, now)) " ago" } " "
                            (badges(other)) " "
                            @for step in other.steps.iter().filter(|step| step.class == "person") { (step.text) " " }
                            span class="faint id" { (other.process_id.as_deref().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

fn banner(program: Option<Unavailable>) -> Markup {
    html! {
        @match program {
            Some(Unavailable::Temporal) => (unavailable(
                "Temporal",
                "Below is what Billing knows; nothing can be retried or acknowledged now. The process is not lost: it and this \
                 page continue as soon as Temporal is back.",
            )),
            Some(Unavailable::Billing) => (unavailable("Billing", "This page recovers automatically.")),
            Some(Unavailable::Both) => {
                (unavailable("Neither Temporal nor Billing", "Nothing is lost; this page recovers automatically."))
            }
            None => {}
        }
    }
}
