//! The idempotency keys of an instance's commands.

use process_manager_wire::{CloudEvent, headers};
use serde::{Deserialize, Serialize};

/// The form of the keys. An instance keeps the one with which it began: a command that goes out again must have the key
/// that it had before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyForm {
    /// `<id>/<event id>/<n>`, the form of the first instances: those of two process managers, or of events of two logs,
    /// can have the same keys.
    #[default]
    Short,
    /// `<process manager>/<id>/<log>/<event id>/<n>`, made fit for a header (see [`headers::key`]).
    Full,
}

impl KeyForm {
    /// Returns the key of an event's command.
    pub(super) fn key(self, manager: &str, id: &str, event: &CloudEvent, number: u32) -> String {
        let number = number.to_string();
        match self {
            Self::Short => format!("{id}/{}/{number}", event.id),
            Self::Full => headers::key([manager, id, &event.logid, &event.id, &number]),
        }
    }

    /// Whether it is the form of the first instances, which their records leave out.
    #[must_use]
    pub fn is_short(&self) -> bool {
        *self == Self::Short
    }
}
