//! `GET /attention`: the processes of every type that need attention. With `?show=retrying`, those whose command is
//! retried automatically.

use chrono::Utc;
use maud::{Markup, html};
use process_manager_host::operator::{InstanceFilter, Trouble as Kind};
use service_kit::Params;
use voiding_client::Filter;

use super::{
    instances_parts,
    listing::{Listing, PAGE, Trouble, list, of_billing},
    processes_parts::{banner, counted, numbers, table},
};
use crate::{
    counts::Counts,
    fingerprint::fingerprint,
    managers::{MANAGERS, Manager},
    page::LivePage,
    paths,
    session::Visitor,
    sources::Sources,
    view::{ProcessView, instance::view},
};

/// The page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttentionPage {
    kind: Kind,
}

/// The content of the page.
pub(super) struct Model {
    /// `None` while Temporal is unavailable.
    counts: Option<Counts>,
    voidings: Listing,
    /// The instances of each process manager; `None` if Temporal did not answer.
    instances: Vec<(&'static Manager, Option<Vec<ProcessView>>)>,
}

impl AttentionPage {
    pub(super) fn read(params: &Params) -> Self {
        let is_retrying = params.text("show").ok().flatten() == Some("retrying");
        Self { kind: if is_retrying { Kind::Retrying } else { Kind::NeedsAttention } }
    }

    fn path(&self) -> &'static str {
        match self.kind {
            Kind::NeedsAttention => paths::ATTENTION,
            Kind::Retrying => paths::RETRYING,
        }
    }

    fn show(&self) -> &'static str {
        match self.kind {
            Kind::NeedsAttention => "attention",
            Kind::Retrying => "retrying",
        }
    }
}

impl LivePage for AttentionPage {
    type Model = Model;

    /// Returns the topic of the voidings' page, because this page follows the same numbers.
    fn topic(&self) -> String {
        "on=processes".to_owned()
    }

    async fn load(&self, sources: &Sources) -> Model {
        Model { counts: counted(sources).await, voidings: Listing::default(), instances: Vec::new() }
    }

    async fn complete(&self, sources: &Sources, model: Model) -> Model {
        if model.counts.is_none() {
            return Model { voidings: of_billing(sources).await, ..model };
        }
        let filter = Filter { open: Some(true), trouble: Some(self.kind), ..Filter::default() };
        let voidings = list(&filter, None, sources).await;
        let filter = InstanceFilter { is_running: Some(true), trouble: Some(self.kind), ..InstanceFilter::default() };
        let mut instances = Vec::new();
        for manager in MANAGERS {
            let newest = sources.operator.instances_of(manager.name).newest(&filter, PAGE).await.ok();
            let rows = newest.map(|newest| newest.into_iter().map(|instance| view(manager, instance)).collect());
            instances.push((manager, rows));
        }
        Model { voidings, instances, ..model }
    }

    fn fingerprint(model: &Model) -> u64 {
        fingerprint(&model.counts)
    }

    fn is_out_of_step(model: &Model) -> bool {
        let has_failed = model.voidings.trouble.is_some() || model.instances.iter().any(|(_, rows)| rows.is_none());
        model.counts.is_some() && has_failed
    }

    fn title(&self) -> String {
        match self.kind {
            Kind::NeedsAttention => "Needs attention".to_owned(),
            Kind::Retrying => "Retrying automatically".to_owned(),
        }
    }

    fn head(&self, _visitor: &Visitor) -> Markup {
        html! { h1 { (self.title()) } }
    }

    fn body(&self, sources: &Sources, visitor: &Visitor, model: &Model) -> Markup {
        let counts = model.counts.as_ref();
        let now = Utc::now();
        html! {
            (banner(model.voidings.trouble))
            (numbers(sources, counts, self.path()))
            @if !model.voidings.rows.is_empty() {
                section aria-labelledby="voidings" {
                    h2 id="voidings" { "Voidings" }
                    (table(visitor, &model.voidings.rows, now))
                    (self.rest(paths::PROCESSES, counts.map(|counts| counts.voidings.of(self.kind))))
                }
            }
            @for (index, (manager, rows)) in model.instances.iter().enumerate() {
                @if let Some(rows) = rows.as_ref().filter(|rows| !rows.is_empty()) {
                    section aria-labelledby={ "of-" (manager.name) } {
                        h2 id={ "of-" (manager.name) } { (manager.title) }
                        (instances_parts::table(manager, rows, now))
                        (self.rest(manager.path, counts.and_then(|counts| counts.instances.get(index)).map(|of| of.of(self.kind))))
                    }
                }
            }
            @if model.voidings.rows.is_empty() { (self.nothing(model)) }
        }
    }

    fn shows(&self, model: &Model, about: &str) -> bool {
        model.voidings.rows.iter().any(|row| row.target.id() == about)
    }
}

impl AttentionPage {
    /// Writes a link to all processes of a type, if the page shows only some.
    fn rest(&self, path: &str, count: Option<i64>) -> Markup {
        let shown = i64::try_from(PAGE).unwrap_or(i64::MAX);
        html! {
            @if let Some(count) = count.filter(|count| *count > shown) {
                p { a href={ (path) "?show=" (self.show()) } { "The newest " (shown) " are shown. Show all " (count) " →" } }
            }
        }
    }

    /// Writes what an empty page says. All is clear only if the counts say so.
    fn nothing(&self, model: &Model) -> Markup {
        let has_instances = model.instances.iter().any(|(_, rows)| rows.as_ref().is_some_and(|rows| !rows.is_empty()));
        html! {
            @match (model.counts.as_ref().map(|counts| counts.all_of(self.kind)), self.kind) {
                _ if has_instances => {}
                (Some(0), Kind::NeedsAttention) => div class="empty" {
                    p { strong { "Nothing needs attention." } }
                },
                (Some(0), Kind::Retrying) => div class="empty" {
                    p { strong { "No command is stalled." } }
                },
                (Some(count), _) => div class="empty" {
                    p { strong { (count) " processes: the list is not up to date yet." } " It follows in a moment." }
                },
                (None, _) => div class="empty" {
                    p { strong { "Temporal does not answer." } " What needs attention is not known." }
                    @if model.voidings.trouble == Some(Trouble::Temporal) { p { "Billing knows of no open voiding." } }
                },
            }
        }
    }
}
