//! Parts that lists and pages share: tiles, filters, pager, banners, badges.

use maud::{Markup, html};

use crate::{session::Visitor, view::Status};

/// The processes that a list shows: those that have not ended, those that have, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    Open,
    Ended,
    All,
}

impl Show {
    const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Open, "open", "Open"), (Self::Ended, "ended", "Ended"), (Self::All, "all", "All")];

    /// Reads the text in an address; any other text stands for the open ones.
    pub(crate) fn read(text: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|(_, name, _)| text == Some(name)).map_or(Self::Open, |(show, ..)| show)
    }

    /// Returns its text in an address; `None` for what an address without any shows.
    pub(crate) const fn in_address(self) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Ended => Some("ended"),
            Self::All => Some("all"),
        }
    }

    /// Returns whether the processes are open, as a filter.
    pub(crate) fn is_open(self) -> Option<bool> {
        match self {
            Self::Open => Some(true),
            Self::Ended => Some(false),
            Self::All => None,
        }
    }

    /// Writes the field of a form of filters.
    pub(crate) fn select(self) -> Markup {
        html! {
            label { span { "Show" }
                select name="show" {
                    @for (show, name, word) in Self::ALL { option value=(name) selected[show == self] { (word) } }
                }
            }
        }
    }
}

/// Returns the address of a list with these parameters; empty ones are left out.
pub(crate) fn address(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let given = pairs.iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Writes a form of filters, which replaces the list below it as they change.
pub(crate) fn filters(path: &str, label: &str, fields: &Markup) -> Markup {
    html! {
        form class="filters" method="get" action=(path) role="search" aria-label=(label)
            hx-get=(path) hx-trigger="input delay:300ms, submit" hx-target="#live" hx-select="#live"
            hx-swap="morph:outerHTML" hx-push-url="true" hx-sync="this:replace" {
            (fields)
            button type="submit" { "Filter" }
        }
    }
}

/// Writes the filter for processes with an incident.
pub(crate) fn incident_filter(checked: bool) -> Markup {
    html! {
        label class="check" {
            input type="checkbox" name="incident" value="true" checked[checked];
            span { "With incident" }
        }
    }
}

/// A number that leads to the list of what it counts.
pub(crate) struct Tile {
    pub(crate) id: &'static str,
    pub(crate) word: &'static str,
    /// `None` while Temporal is unavailable.
    pub(crate) count: Option<i64>,
    pub(crate) href: String,
}

/// Writes tiles; `here` is the address of the page.
pub(crate) fn tiles(tiles: &[Tile], here: &str) -> Markup {
    html! {
        ul class="tiles" {
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

/// Writes links to the first and the next page of a list, where it has several.
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
        p { strong { "This page no longer exists." } }
        p { a class="button" href=(first) { "To the first page" } }
    }
}

/// Writes a banner: a program does not answer, and what that means for the page.
pub(crate) fn unavailable(program: &str, meaning: &str) -> Markup {
    html! { p class="banner" role="alert" { strong { (program) " does not answer. " } (meaning) } }
}

/// Writes a status as a badge: told by colour, sign and word.
pub(crate) fn badge(status: Status) -> Markup {
    html! {
        span class={ "badge " (status.class) } {
            span class="sign" aria-hidden="true" { (status.sign) }
            (status.word)
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
                                "Select" => th scope="col" { span class="unseen" { "Select" } },
                                "Amount" => th scope="col" class="amount" { "Amount" },
                                column => th scope="col" { (column) },
                            }
                        }
                    }
                }
                tbody { (rows) }
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
