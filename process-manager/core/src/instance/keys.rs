//! The idempotency keys of an instance's commands.

use process_manager_wire::{CloudEvent, headers};
use serde::{Deserialize, Serialize};

use super::work::DueTimer;

/// The form of the keys. An instance keeps the form that it began with: a command that is sent again must have the same
/// key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyForm {
    /// `<id>/<event id>/<n>`, the form of the first instances. Two process managers, or events of two logs, can have
    /// the same keys.
    #[default]
    Short,
    /// `<process manager>/<id>/<log>/<event id>/<n>`, made fit for a header (see [`headers::key`]). In either form, the
    /// commands of a timer have `timer/<name>/<number of the timer>` before the n.
    Full,
}

impl KeyForm {
    /// Returns the key of a command of an event, or of a timer that the event set.
    pub(super) fn key(
        self,
        manager: &str,
        id: &str,
        event: &CloudEvent,
        timer: Option<&DueTimer>,
        number: u32,
    ) -> String {
        let number = number.to_string();
        let Some(timer) = timer else {
            return match self {
                Self::Short => format!("{id}/{}/{number}", event.id),
                Self::Full => headers::key([manager, id, &event.logid, &event.id, &number]),
            };
        };
        let timer_number = timer.number.to_string();
        headers::key([manager, id, &event.logid, &event.id, "timer", &timer.name, &timer_number, &number])
    }

    /// Returns whether this is the form of the first instances, whose records leave it out.
    #[must_use]
    pub fn is_short(&self) -> bool {
        *self == Self::Short
    }
}
