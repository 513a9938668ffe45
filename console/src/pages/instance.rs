//! `GET /transfers/{id}`, and the same for each process manager: one instance, with its state, its past and the
//! possible actions.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    credit_change::{self, Affected},
    fingerprint::fingerprint,
    managers::{Manager, encoded},
    page::LivePage,
    parts::{facts, unavailable},
    process,
    session::Visitor,
    sources::Sources,
    view::{
        ProcessView,
        instance::{add_timeline, view},
    },
};

/// The page.
#[derive(Debug, Clone)]
pub(super) struct InstancePage {
    pub(super) manager: &'static Manager,
    pub(super) id: String,
}

/// The content of the page.
#[derive(Hash)]
pub(super) struct Model {
    view: Option<ProcessView>,
    /// The contracts of a credit change.
    affected: Option<Affected>,
    temporal_is_unavailable: bool,
}

impl LivePage for InstancePage {
    type Model = Model;

    fn topic(&self) -> String {
        format!("on=instance&manager={}&id={}", self.manager.name, encoded(&self.id))
    }

    async fn load(&self, sources: &Sources) -> Model {
        let instances = sources.operator.instances_of(self.manager.name);
        let (read, affected) =
            tokio::join!(instances.read(&self.id), credit_change::load(sources, self.manager, &self.id));
        let temporal_is_unavailable = read.is_err();
        let view = read.unwrap_or_default().map(|instance| view(self.manager, instance));
        Model { view, affected, temporal_is_unavailable }
    }

    /// Adds what the run's history contains, if it can be read.
    async fn complete(&self, sources: &Sources, mut model: Model) -> Model {
        if let Some(view) = &mut model.view {
            let timeline = sources.operator.instances_of(self.manager.name).timeline(&self.id).await;
            add_timeline(view, self.manager, timeline.unwrap_or_default());
        }
        model
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(model)
    }

    fn missing(&self, model: &Model) -> Option<String> {
        let is_unknown = model.view.is_none() && !model.temporal_is_unavailable;
        let one = self.manager.one.to_lowercase();
        is_unknown.then(|| format!("There was never a {one} of this id: {}", self.id))
    }

    fn title(&self) -> String {
        self.id.clone()
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        html! {
            p class="crumbs" { a href=(self.manager.path) { (self.manager.title) } " / " }
            h1 { (self.manager.one) " " span class="id" { (self.id) } }
        }
    }

    fn body(&self, sources: &Sources, visitor: &Visitor, model: &Model) -> Markup {
        let now = Utc::now();
        html! {
            @if model.temporal_is_unavailable {
                (unavailable("Temporal", "Nothing is lost: the process and this page continue as soon as it is back."))
            }
            @match &model.view {
                Some(view) => {
                    @let about = about(view, now);
                    @let affected = model.affected.iter().map(|affected| credit_change::section(visitor, affected, now));
                    @let affected = html! { @for section in affected { (section) } };
                    @let links = Vec::from_iter(sources.web_ui(&view.workflow_id, view.run_id.as_deref()));
                    @let namespace = sources.voidings.namespace();
                    (process::body(visitor, view, &affected, (self.manager.one, &about), &links, &namespace, now))
                }
                None => div class="empty" { p { "This process is shown as soon as Temporal answers again." } },
            }
        }
    }

    fn shows(&self, model: &Model, about: &str) -> bool {
        let has_forms = |view: &ProcessView| view.waits_for_operator() || !view.instructions().is_empty();
        let has_steering = || model.affected.as_ref().is_some_and(Affected::can_be_steered);
        (model.view.as_ref().is_some_and(has_forms) && about == self.id)
            || (credit_change::is_about(about, &self.id) && has_steering())
    }
}

fn about(view: &ProcessView, now: DateTime<Utc>) -> Markup {
    html! {
        (facts(view.facts.iter().chain(&view.doing), now))
        @if let Some(state) = &view.state {
            details class="state" {
                summary { "Raw state" }
                pre tabindex="0" { code { (state) } }
            }
        }
        @if let Some(hint) = view.hint { p class="hint faint" { (hint) } }
    }
}
