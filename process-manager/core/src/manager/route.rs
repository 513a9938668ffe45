//! The route of an event.

use std::{collections::BTreeSet, fmt::Display};

use serde::{Deserialize, Serialize};

/// The instances that an event goes to, and how it reaches them.
///
/// An id names one instance: 1 to 200 characters, none of them a control character. An event may go to several
/// instances; each handles it with its own state and sends its own commands. An event with an empty list of ids is
/// ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The event is of no interest.
    Ignore,
    /// The event goes to these instances, in this way.
    To(RouteKind, Vec<String>),
}

/// How an event reaches an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// Starts an instance, or goes to the existing one.
    Start,
    /// Starts an instance; an existing one is an error.
    StartStrict,
    /// Goes to the existing instance, or starts one; [`Route::proceed`] explains the difference from [`Self::Start`].
    Continue,
    /// Goes to the existing instance; it is an error if there is none.
    ContinueStrict,
    /// Ends the instance, if there is one: its state is gone. The event itself is not handled.
    Stop,
}

impl Route {
    /// Starts the instance, or continues the existing one.
    ///
    /// When an operator acknowledges an instance's failure, the process is given up, and the events that already wait
    /// for it are dropped. This event is not dropped: it starts the instance anew. Otherwise it is the same as
    /// [`Self::proceed`]. Use it for the events that begin a process.
    #[must_use]
    pub fn start(id: impl Display) -> Self {
        Self::start_each([id])
    }

    /// Starts the instance, which must not exist yet; otherwise [`RoutingError::AlreadyStarted`](super::RoutingError).
    #[must_use]
    pub fn start_strict(id: impl Display) -> Self {
        Self::to(RouteKind::StartStrict, [id])
    }

    /// Continues the instance, or starts it if there is none.
    ///
    /// It differs from [`Self::start`] in one case. When an operator acknowledges an instance's failure, such an event
    /// that already waits is dropped with the abandoned process, unless a start waits before it. Use it for the later
    /// events of a process.
    #[must_use]
    pub fn proceed(id: impl Display) -> Self {
        Self::to(RouteKind::Continue, [id])
    }

    /// Continues the instance, which must exist; otherwise [`RoutingError::NotStarted`](super::RoutingError).
    #[must_use]
    pub fn proceed_strict(id: impl Display) -> Self {
        Self::to(RouteKind::ContinueStrict, [id])
    }

    /// Ends the instance.
    #[must_use]
    pub fn stop(id: impl Display) -> Self {
        Self::to(RouteKind::Stop, [id])
    }

    /// Starts or continues each of these instances, like [`Self::start`].
    #[must_use]
    pub fn start_each<I: Display>(ids: impl IntoIterator<Item = I>) -> Self {
        Self::to(RouteKind::Start, ids)
    }

    /// Goes to each of these instances in the given way; a repeated id counts once.
    #[must_use]
    pub fn to<I: Display>(kind: RouteKind, ids: impl IntoIterator<Item = I>) -> Self {
        let mut known = BTreeSet::new();
        let ids = ids.into_iter().map(|id| id.to_string());
        Self::To(kind, ids.filter(|id| known.insert(id.clone())).collect())
    }
}

/// Maximum length of an instance's id, in characters: with the manager's name before it, it is a workflow id.
pub(crate) const MAX_ID: usize = 200;

/// Returns whether a text can name an instance.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_ID && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_counts_once() {
        let ids = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(Route::start_each(["a", "b", "a"]), Route::To(RouteKind::Start, ids));
    }

    #[test]
    fn ids_have_their_limits() {
        assert!(is_id("Müller & Söhne/7") && is_id(&"x".repeat(MAX_ID)));
        assert!(!is_id("") && !is_id("a\nb") && !is_id(&"x".repeat(MAX_ID + 1)));
    }
}
