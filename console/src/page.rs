//! The frame of every page (head, navigation, notices), and live pages, whose content follows what they show.

use std::future::Future;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    assets::href,
    managers::MANAGERS,
    paths,
    session::{Notice, Outcome, Visitor},
    sources::Sources,
};

/// No inline style, no `eval`, nothing from elsewhere; attributes are not inherited.
const HTMX_CONFIG: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"disableInheritance":true,"historyCacheSize":0,"refreshOnHistoryMiss":true}"#;

/// The fingerprint of a page that must be requested again.
pub(crate) const UNKNOWN: u64 = 0;

/// A page whose content follows what it shows.
pub(crate) trait LivePage: Clone + Send + Sync + 'static {
    /// The content of the page.
    type Model: Send;

    /// Returns the query of the page's events, such as `on=processes`. It identifies the page among all pages.
    fn topic(&self) -> String;

    /// Loads what the page follows.
    fn load(&self, sources: &Sources) -> impl Future<Output = Self::Model> + Send;

    /// Adds what only the page itself needs and does not follow.
    fn complete(&self, _sources: &Sources, model: Self::Model) -> impl Future<Output = Self::Model> + Send {
        async { model }
    }

    /// Returns a number that differs when what the page follows has changed.
    fn fingerprint(model: &Self::Model) -> u64;

    /// Returns whether the page lacks something that the followed part does not reveal. The page is then requested
    /// again.
    fn is_out_of_step(_model: &Self::Model) -> bool {
        false
    }

    /// Returns the reason why there is no such page, if there is none.
    fn missing(&self, _model: &Self::Model) -> Option<String> {
        None
    }

    fn title(&self) -> String;

    /// Writes the part above the live one. It stays as it is.
    fn head(&self, visitor: &Visitor) -> Markup;

    /// Writes the live part.
    fn body(&self, sources: &Sources, visitor: &Visitor, model: &Self::Model) -> Markup;

    /// Returns whether a refusal is shown beside its button.
    fn shows(&self, _model: &Self::Model, _about: &str) -> bool {
        false
    }
}

/// Answers with a live page.
pub(crate) async fn show<P: LivePage>(page: P, sources: Sources, visitor: Visitor) -> Response {
    let model = page.load(&sources).await;
    if let Some(why) = page.missing(&model) {
        return Page::new("Not found", &visitor).not_found(&why);
    }
    let seen = P::fingerprint(&model);
    let model = page.complete(&sources, model).await;
    let seen = if P::is_out_of_step(&model) { UNKNOWN } else { seen };
    let live = LivePart { topic: page.topic(), seen };
    let is_placed = visitor.notice.as_ref().is_some_and(|notice| page.shows(&model, &notice.about));
    let frame = Page { live: Some(live), notice_is_placed: is_placed, ..Page::new(page.title(), &visitor) };
    frame.render(&page.head(&visitor), &page.body(&sources, &visitor, &model))
}

/// The part of a page that follows what it shows.
struct LivePart {
    topic: String,
    seen: u64,
}

/// A page in the making.
pub(crate) struct Page<'a> {
    title: String,
    visitor: &'a Visitor,
    status: StatusCode,
    live: Option<LivePart>,
    /// Whether the notice is shown beside its button.
    notice_is_placed: bool,
}

impl<'a> Page<'a> {
    pub(crate) fn new(title: impl Into<String>, visitor: &'a Visitor) -> Self {
        Self { title: title.into(), visitor, status: StatusCode::OK, live: None, notice_is_placed: false }
    }

    /// Renders the page with `head` above the live part and `body` in it.
    fn render(self, head: &Markup, body: &Markup) -> Response {
        let on_top = |notice: &&Notice| !(self.notice_is_placed && notice.outcome == Outcome::Refused);
        let notice = self.visitor.notice.as_ref().filter(on_top);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                (self.head())
                body hx-ext="morph" {
                    a class="skip" href="#main" { "Skip to content" }
                    (navigation(self.visitor))
                    main id="main" {
                        (notices(notice))
                        (head)
                        (self.live_part(body))
                    }
                    (footer())
                }
            }
        };
        self.visitor.remember((self.status, page).into_response())
    }

    /// Renders the page for an address that leads nowhere.
    pub(crate) fn not_found(self, what: &str) -> Response {
        let body = html! {
            h1 { "Not found" }
            p { (what) }
            p { a class="button" href=(paths::PROCESSES) { "Back to processes" } }
        };
        Self { status: StatusCode::NOT_FOUND, ..self }.render(&html! {}, &body)
    }

    fn head(&self) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { (self.title) " · Process console" }
                link rel="icon" type="image/svg+xml" href=(href("icon.svg"));
                link rel="stylesheet" href=(href("console.css"));
                script defer src=(href("htmx.js")) {}
                script defer src=(href("idiomorph.js")) {}
                script defer src=(href("console.js")) {}
                script defer src=(href("actions.js")) {}
            }
        }
    }

    fn live_part(&self, body: &Markup) -> Markup {
        let Some(live) = &self.live else { return html! { div id="live" { (body) } } };
        html! {
            div id="live" data-events=(paths::EVENTS) data-topic=(live.topic) data-seen=(live.seen) data-worker=(href("events.js"))
                hx-get=(self.visitor.path) hx-trigger="changed" hx-select="#live" hx-target="this"
                hx-swap="morph:outerHTML" hx-sync="this:queue last" {
                (body)
            }
        }
    }
}

fn navigation(visitor: &Visitor) -> Markup {
    let path = visitor.path.split('?').next().unwrap_or_default();
    let is_documents = path.starts_with(paths::REPORTS);
    let is_processes = path == paths::PROCESSES || path.starts_with("/processes");
    let current = |is: bool| is.then_some("page");
    html! {
        header class="bar" {
            a class="brand" href=(paths::PROCESSES) { span class="mark" aria-hidden="true" {} "Process console" }
            nav aria-label="Pages" {
                a href=(paths::ATTENTION) aria-current=[current(path == paths::ATTENTION)] { "Needs attention" }
                a href=(paths::PROCESSES) aria-current=[current(is_processes)] { "Voidings" }
                @for manager in MANAGERS {
                    a href=(manager.path) aria-current=[current(path.starts_with(manager.path))] { (manager.title) }
                }
                a href=(paths::REPORTS) aria-current=[current(is_documents)] { "Reports and documents" }
                a href=(paths::REST) { "REST API" }
            }
        }
    }
}

fn notices(notice: Option<&Notice>) -> Markup {
    html! {
        div id="notices" role="status" aria-live="polite" { @if let Some(notice) = notice { (notice) } }
        p id="connection" class="banner" role="alert" hidden {
            strong { "The console does not answer. " } "The page may be out of date; it reconnects automatically."
        }
    }
}

fn footer() -> Markup {
    html! {
        footer {
            noscript { p { "Without JavaScript the pages do not update themselves: reload them. Every action works." } }
            p { "Times are UTC." }
        }
    }
}
