//! `GET /processes/{document_id}`: one voiding: where it stands, how it came there, and what can be done.

use chrono::Utc;
use maud::{Markup, html};
use messages::DocumentId;
use voiding_client::Unavailable;

use super::diagram::diagram;
use crate::{
    page::{LivePage, fingerprint},
    parts::unavailable,
    paths, process,
    session::Visitor,
    sources::Sources,
    view::{
        self, ProcessView,
        voiding::{add_retried, view},
    },
};

/// The page.
#[derive(Debug, Clone)]
pub(super) struct ProcessPage {
    pub(super) document_id: DocumentId,
}

/// What the page shows.
#[derive(Hash)]
pub(super) struct Model {
    view: Option<ProcessView>,
    unavailable: Option<Unavailable>,
}

impl LivePage for ProcessPage {
    type Model = Model;

    fn topic(&self) -> String {
        format!("on=process&document_id={}", self.document_id)
    }

    async fn load(&self, sources: &Sources) -> Model {
        let found = sources.voidings.find(&self.document_id).await;
        Model { view: found.process.map(view), unavailable: found.unavailable }
    }

    /// With what the run's history tells; where that cannot be read, without.
    async fn complete(&self, sources: &Sources, mut model: Model) -> Model {
        if let (Some(view), None) = (&mut model.view, model.unavailable) {
            add_retried(view, sources.voidings.retried(&self.document_id).await.unwrap_or_default());
        }
        model
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(model)
    }

    fn missing(&self, model: &Model) -> Option<String> {
        let is_unknown = model.view.is_none() && model.unavailable.is_none();
        is_unknown.then(|| format!("No voiding of document {} was ever requested.", self.document_id))
    }

    fn title(&self) -> String {
        self.document_id.to_string()
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        html! {
            p class="crumbs" { a href=(paths::PROCESSES) { "Processes" } " / " }
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
                        visitor, view, ("Progress", &progress), &links, &sources.voidings.namespace(), Utc::now(),
                    ))
                }
                None => div class="empty" { p { "There is nothing to show." } },
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
        reports.into_iter().chain(temporal).chain([(paths::voiding(&self.document_id), "As JSON")]).collect()
    }
}

fn banner(program: Option<Unavailable>) -> Markup {
    html! {
        @match program {
            Some(Unavailable::Temporal) => (unavailable(
                "Temporal",
                "Below is what Billing knows. The process is not lost: it and this page continue as soon as Temporal is back.",
            )),
            Some(Unavailable::Billing) => (unavailable("Billing", "This page recovers automatically.")),
            Some(Unavailable::Both) => {
                (unavailable("Neither Temporal nor Billing", "Nothing is lost; this page recovers automatically."))
            }
            None => {}
        }
    }
}
