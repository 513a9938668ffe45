//! What every page has around it: head, navigation, notices, and the part that is live.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use super::{
    assets::href,
    managers::MANAGERS,
    notice::{Notice, Outcome},
    visitor::Visitor,
};

/// No inline style, no `eval`, nothing from elsewhere; attributes count where they stand.
const HTMX_CONFIG: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"disableInheritance":true,"historyCacheSize":0,"refreshOnHistoryMiss":true}"#;

/// The part of a page that follows what it shows.
pub(super) struct LivePart {
    /// Query of the page's events, such as `on=processes`.
    pub(super) events: String,
    /// What the page shows.
    pub(super) seen: u64,
}

/// A page in the making.
pub(super) struct Page<'a> {
    title: String,
    visitor: &'a Visitor,
    status: StatusCode,
    live: Option<LivePart>,
    /// The notice stands beside its button.
    notice_is_placed: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(title: impl Into<String>, visitor: &'a Visitor) -> Self {
        Self { title: title.into(), visitor, status: StatusCode::OK, live: None, notice_is_placed: false }
    }

    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn live(self, live: LivePart) -> Self {
        Self { live: Some(live), ..self }
    }

    /// The notice need not stand at the top.
    pub(super) fn notice_is_placed(self, placed: bool) -> Self {
        Self { notice_is_placed: placed, ..self }
    }

    /// The page with `head` above the live part and `body` in it.
    pub(super) fn render(self, head: &Markup, body: &Markup) -> Response {
        let on_top = |notice: &&Notice| !(self.notice_is_placed && notice.outcome == Outcome::Refused);
        let notice = self.visitor.notice.as_ref().filter(on_top);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                (self.head())
                body hx-ext="morph" {
                    a class="skip" href="#main" { "To the content" }
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

    /// The page for an address that leads nowhere.
    pub(super) fn not_found(self, what: &str) -> Response {
        let body = html! {
            h1 { "Not found" }
            p { (what) }
            p { a class="button" href="/" { "To the processes" } }
        };
        self.status(StatusCode::NOT_FOUND).render(&html! {}, &body)
    }

    fn head(&self) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { (self.title) " · Voidings" }
                link rel="icon" type="image/svg+xml" href=(href("icon.svg"));
                link rel="stylesheet" href=(href("console.css"));
                script defer src=(href("htmx.js")) {}
                script defer src=(href("idiomorph.js")) {}
                script defer src=(href("console.js")) {}
            }
        }
    }

    fn live_part(&self, body: &Markup) -> Markup {
        let Some(live) = &self.live else { return html! { div id="live" { (body) } } };
        html! {
            div id="live" data-events={ "/console/events?" (live.events) } data-seen=(live.seen)
                hx-get=(self.visitor.path) hx-trigger="changed" hx-select="#live" hx-target="this"
                hx-swap="morph:outerHTML" hx-sync="this:queue last" {
                (body)
            }
        }
    }
}

fn navigation(visitor: &Visitor) -> Markup {
    let path = visitor.path.split('?').next().unwrap_or_default();
    let is_documents = path.starts_with("/reports");
    let is_processes = path == "/" || path.starts_with("/processes");
    let current = |is: bool| is.then_some("page");
    html! {
        header class="bar" {
            a class="brand" href="/" { span class="mark" aria-hidden="true" {} "Voidings" }
            nav aria-label="Pages" {
                a href="/" aria-current=[current(is_processes)] { "Processes" }
                @for manager in MANAGERS {
                    a href=(manager.path) aria-current=[current(path.starts_with(manager.path))] { (manager.title) }
                }
                a href="/reports" aria-current=[current(is_documents)] { "Reports and documents" }
                a href="/docs/" { "REST API" }
            }
        }
    }
}

fn notices(notice: Option<&Notice>) -> Markup {
    html! {
        div id="notices" role="status" aria-live="polite" { @if let Some(notice) = notice { (notice) } }
        p id="connection" class="banner" role="alert" hidden {
            strong { "The console does not answer. " } "What you see may be out of date; it is asked again by itself."
        }
    }
}

fn footer() -> Markup {
    html! {
        footer {
            noscript { p { "Without JavaScript the pages do not follow changes: load them again. Every action works." } }
            p { "Times are UTC." }
        }
    }
}

/// That a program behind the api is away, and what that means for the page.
pub(super) fn away(program: &str, meaning: &str) -> Markup {
    html! { p class="banner" role="alert" { strong { (program) " does not answer. " } (meaning) } }
}
