//! Parts that lists and pages share: tiles, filters, pager, banners, badges.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use process_manager_host::operator::Trouble;

use crate::{
    fact::Fact,
    session::Visitor,
    view::{ProcessView, Status},
    words,
};

/// Returns the address of a list with these parameters; empty ones are left out.
pub(crate) fn address(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let given = pairs.iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Writes a form of filters. Changing one replaces the list below it.
pub(crate) fn filters(path: &str, label: &str, fields: &Markup) -> Markup {
    html! {
        form class="filters" method="get" action=(path) role="search" aria-label=(label)
            hx-get=(path) hx-trigger="input delay:300ms, submit" hx-target="#live" hx-select="#live"
            hx-swap="morph:outerHTML" hx-replace-url="true" hx-sync="this:replace" {
            (fields)
            button type="submit" { "Filter" }
        }
    }
}

/// A number that links to the list of what it counts.
pub(crate) struct Tile {
    pub(crate) id: &'static str,
    pub(crate) word: String,
    /// `None` while Temporal is unavailable.
    pub(crate) count: Option<i64>,
    pub(crate) href: String,
}

/// Writes tiles; `here` is the address of the page. If Temporal does not report the numbers, they are the last known
/// ones.
pub(crate) fn tiles(tiles: &[Tile], here: &str, last_known: Option<DateTime<Utc>>) -> Markup {
    html! {
        @if let Some(at) = last_known {
            p class="as-of faint" { "The numbers are those of " (at.format("%Y-%m-%d %H:%M:%S")) " UTC." }
        }
        ul class={ "tiles" @if last_known.is_some() { " last-known" } } {
            @for tile in tiles {
                li {
                    a id={ "tile-" (tile.id) }
                        class={ "tile " (tile.id) @if tile.count.is_some_and(|count| count > 0) { " some" } }
                        href=(tile.href) aria-current=[(tile.href == here).then_some("true")] {
                        span class="number" { @match tile.count { Some(count) => (count), None => "–" } }
                        span class="word" { (tile.word) }
                    }
                }
            }
        }
    }
}

/// Writes links to the first and the next page of a list, if it has several.
pub(crate) fn pager(first: Option<&str>, next: Option<&str>) -> Markup {
    html! {
        @if first.is_some() || next.is_some() {
            nav class="pager" aria-label="Pages of the list" {
                @if let Some(first) = first { a class="button quiet" href=(first) { "First page" } }
                @if let Some(next) = next { a class="button quiet" rel="next" href=(next) { "Next page" } }
            }
        }
    }
}

/// Writes what a list shows instead of a page that is no longer there.
pub(crate) fn no_such_page(first: &str) -> Markup {
    html! {
        p { strong { "This page has expired." } }
        p { a class="button" href=(first) { "First page" } }
    }
}

/// Writes a banner that says that a program does not answer, and what that means for the page.
pub(crate) fn unavailable(program: &str, meaning: &str) -> Markup {
    html! { p class="banner" role="alert" { strong { (program) " does not answer. " } (meaning) } }
}

/// Writes a status as a badge, expressed by colour, sign and word.
pub(crate) fn badge(status: Status) -> Markup {
    html! {
        span class={ "badge " (status.class) } {
            span class="sign" aria-hidden="true" { (status.sign) }
            (status.word)
        }
    }
}

/// Writes the badges of a process: its outcome, or its status and its trouble.
pub(crate) fn badges(view: &ProcessView) -> Markup {
    html! {
        @match view.outcome_badge() {
            Some((class, sign, word)) => span class={ "badge " (class) } { span class="sign" aria-hidden="true" { (sign) } (word) },
            None => (badge(view.status)),
        }
        @match view.trouble {
            Some(Trouble::NeedsAttention) => {
                " " span class="badge parked" { span class="sign" aria-hidden="true" { "!" } "Needs attention" }
            }
            Some(Trouble::Retrying) => {
                " " span class="badge incident" { span class="sign" aria-hidden="true" { "⟳" } "Retrying" }
            }
            None => {}
        }
    }
}

/// Writes a table of a list.
pub(crate) fn table(class: &str, caption: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div class="table" {
            table class=(class) {
                caption class="unseen" { (caption) }
                thead {
                    tr {
                        @for column in columns {
                            @match *column {
                                "Select" => th scope="col" class="of-Select" { span class="unseen" { "Select" } },
                                "Amount" => th scope="col" class="amount" { "Amount" },
                                column => th scope="col" class={ "of-" (column.replace(' ', "-")) } { (column) },
                            }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// Writes facts, each with its name.
pub(crate) fn facts<'a>(facts: impl Iterator<Item = &'a Fact>, now: DateTime<Utc>) -> Markup {
    html! {
        dl class="ids facts" {
            @for fact in facts {
                dt { (fact.name) }
                dd { (fact.text) @if let Some(at) = fact.at { (words::clock(at, now)) } }
            }
        }
    }
}

/// Writes a button that copies the text.
pub(crate) fn copy(text: &str, what: &str) -> Markup {
    html! { button type="button" class="copy quiet" data-copy=(text) { "Copy" span class="unseen" { " " (what) } } }
}

/// Returns whether the visitor's notice is about this.
pub(crate) fn notice_is_about(visitor: &Visitor, about: &str) -> bool {
    visitor.notice.as_ref().is_some_and(|notice| notice.about == about)
}
