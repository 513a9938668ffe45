//! What an action led to, in one sentence, for the page that follows.

use maud::{Markup, Render, html};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// Longest text in characters: it travels in a cookie.
const MOST: usize = 600;

/// How an action went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Done,
    Refused,
}

/// What an action led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) outcome: Outcome,
    /// Which button was pressed, so that a refusal can stand beside it.
    pub(super) about: String,
    pub(super) text: String,
}

impl Notice {
    pub(super) fn done(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Done, about: about.into(), text: text.into() }
    }

    pub(super) fn refused(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Refused, about: about.into(), text: text.into() }
    }

    /// As the value of a cookie.
    pub(super) fn write(&self) -> String {
        let outcome = if self.outcome == Outcome::Done { "done" } else { "refused" };
        let text: String = self.text.chars().take(MOST).collect();
        form_urlencoded::Serializer::new(String::new())
            .append_pair("outcome", outcome)
            .append_pair("about", &self.about)
            .append_pair("text", &text)
            .finish()
    }

    /// From the value of a cookie; anybody may have written it, so it is text and nothing else.
    pub(super) fn read(cookie: &str) -> Option<Self> {
        let value = |name: &str| {
            form_urlencoded::parse(cookie.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let outcome = if value("outcome")? == "done" { Outcome::Done } else { Outcome::Refused };
        Some(Self { outcome, about: value("about")?, text: value("text")?.chars().take(MOST).collect() })
    }
}

impl Render for Notice {
    fn render(&self) -> Markup {
        let (class, word) = match self.outcome {
            Outcome::Done => ("notice done", "Done"),
            Outcome::Refused => ("notice refused", "Refused"),
        };
        html! { p class=(class) { strong { (word) ": " } (self.text) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_survives_its_way_through_a_cookie() {
        let notice = Notice::refused("INV-1", "no; \"never\" <b>ä</b>");
        let cookie = notice.write();
        assert!(!cookie.contains([';', '"', ' ', '<']), "{cookie}");
        assert_eq!(Notice::read(&cookie), Some(notice));
        assert_eq!(Notice::read("nonsense"), None);
    }
}
