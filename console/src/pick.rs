//! The field *Status* of a list's filters: a single choice, so that no two filters can exclude each other.

use maud::{Markup, html};
use messages::voiding::VoidingState;
use process_manager_host::operator::Trouble;

use crate::{counts::midnight, view::Status, words};

/// The processes that a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pick {
    /// Those that have not ended.
    Open,
    /// Open ones with this kind of trouble.
    Trouble(Trouble),
    /// Open ones with an incident of either kind, as in addresses of earlier versions.
    Incident,
    /// Voidings in this state.
    State(VoidingState),
    /// Those that have ended.
    Ended,
    /// Those that have ended with the outcome of this name.
    Outcome(&'static str),
    /// Those that an operator has given up.
    GivenUp,
    All,
}

impl Pick {
    /// Reads an address of voidings, or of instances with these outcomes. Any other text stands for the open ones.
    pub(crate) fn read(show: Option<&str>, state: Option<&str>, incident: bool, choices: &[Self]) -> Self {
        // Addresses of earlier versions have a field for the state.
        let named = state.into_iter().chain(show).find_map(|text| choices.iter().find(|pick| pick.name() == text));
        match named {
            _ if incident => Self::Incident,
            Some(pick) => pick.clone(),
            None => Self::Open,
        }
    }

    /// Returns the choices for voidings.
    pub(crate) fn of_voidings() -> Vec<Self> {
        let states = |is_final| VoidingState::ALL.into_iter().filter(move |state| state.is_final() == is_final);
        let open = [Self::Open, Self::Trouble(Trouble::NeedsAttention), Self::Trouble(Trouble::Retrying)];
        let open = open.into_iter().chain(states(false).map(Self::State));
        open.chain([Self::Ended]).chain(states(true).map(Self::State)).chain([Self::All]).collect()
    }

    /// Returns the choices for instances with these outcomes.
    pub(crate) fn of_instances(outcomes: &[&'static str]) -> Vec<Self> {
        let open = [Self::Open, Self::Trouble(Trouble::NeedsAttention), Self::Trouble(Trouble::Retrying), Self::Ended];
        let outcomes = outcomes.iter().map(|name| Self::Outcome(name));
        open.into_iter().chain(outcomes).chain([Self::GivenUp, Self::All]).collect()
    }

    /// Returns its text in an address.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Trouble(Trouble::NeedsAttention) => "attention",
            Self::Trouble(Trouble::Retrying) => "retrying",
            Self::Incident => "incident",
            Self::State(state) => state.as_str(),
            Self::Ended => "ended",
            Self::Outcome(name) => name,
            Self::GivenUp => "given-up",
            Self::All => "all",
        }
    }

    /// Returns its text in an address; `None` for the default choice.
    pub(crate) fn in_address(&self) -> Option<&'static str> {
        (*self != Self::Open).then(|| self.name())
    }

    /// Returns whether the processes are open, as a filter.
    pub(crate) fn is_open(&self) -> Option<bool> {
        match self {
            Self::Open | Self::Trouble(_) | Self::Incident => Some(true),
            Self::State(state) => Some(!state.is_final()),
            Self::Ended | Self::Outcome(_) | Self::GivenUp => Some(false),
            Self::All => None,
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Open => "Open".to_owned(),
            Self::Trouble(Trouble::NeedsAttention) => "Open: needs attention".to_owned(),
            Self::Trouble(Trouble::Retrying) => "Open: retrying automatically".to_owned(),
            Self::Incident => "Open: with an incident".to_owned(),
            Self::State(state) => {
                let word = Status::of_voiding(*state).word;
                if state.is_final() {
                    format!("Ended: {}", word.to_lowercase())
                } else {
                    format!("Open: {}", word.to_lowercase())
                }
            }
            Self::Ended => "Ended".to_owned(),
            Self::Outcome(name) => format!("Ended: {}", words::command(name).to_lowercase()),
            Self::GivenUp => "Ended: given up".to_owned(),
            Self::All => "All".to_owned(),
        }
    }

    /// Writes the field of a form of filters.
    pub(crate) fn select(&self, choices: &[Self]) -> Markup {
        let own = (*self == Self::Incident).then_some(Self::Incident);
        html! {
            label { span { "Status" }
                select name="show" {
                    @for pick in choices.iter().chain(own.as_ref()) {
                        option value=(pick.name()) selected[pick == self] { (pick.word()) }
                    }
                }
            }
        }
    }
}

/// The field *Ended today*, which means since midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Today(pub(crate) bool);

impl Today {
    /// Reads the text in an address.
    pub(crate) fn read(text: Option<&str>) -> Self {
        Self(text == Some("today"))
    }

    /// Returns its text in an address.
    pub(crate) fn in_address(self) -> Option<&'static str> {
        self.0.then_some("today")
    }

    /// Returns the earliest end, as a filter.
    pub(crate) fn since(self) -> Option<chrono::DateTime<chrono::Utc>> {
        self.0.then(midnight)
    }

    /// Writes the field of a form of filters.
    pub(crate) fn field(self) -> Markup {
        html! {
            label class="check" {
                input type="checkbox" name="ended" value="today" checked[self.0];
                span { "Ended today" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_fields_exclude_each_other() {
        let choices = Pick::of_voidings();
        let read = |show, state, incident| Pick::read(show, state, incident, &choices);
        let voided = VoidingState::DocumentVoided;
        for (pick, expected, is_open) in [
            (read(None, None, false), Pick::Open, Some(true)),
            (read(Some("nonsense"), Some("<b>"), false), Pick::Open, Some(true)),
            (read(Some("attention"), None, false), Pick::Trouble(Trouble::NeedsAttention), Some(true)),
            (read(Some("document-voided"), None, false), Pick::State(voided), Some(false)),
            // Addresses as earlier versions wrote them.
            (read(Some("open"), Some("document-voided"), false), Pick::State(voided), Some(false)),
            (read(Some("ended"), Some(""), false), Pick::Ended, Some(false)),
            (read(None, None, true), Pick::Incident, Some(true)),
        ] {
            assert_eq!((pick.is_open(), &pick), (is_open, &expected));
        }
    }
}
