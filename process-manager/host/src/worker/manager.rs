//! A process manager, as a worker hosts it.

use std::{marker::PhantomData, sync::Arc};

use process_manager::manager::ProcessManager;
use process_manager_client::feed::{EventSource, SharedSource};
use serde::Serialize;
use serde_json::Value;

use super::{
    Dispatcher,
    dispatch::{AnyDispatcher, Typed},
};
use crate::subscription::Pace;

/// Maximum size of a process manager's settings.
const SETTINGS_BYTES: usize = 16 * 1024;

/// A process manager with the logs that it follows and the dispatcher of its commands.
pub struct Manager<M> {
    pub(super) sources: Vec<(String, SharedSource)>,
    pub(super) dispatcher: Arc<dyn AnyDispatcher>,
    pub(super) pace: Option<Pace>,
    pub(super) settings: Result<Value, String>,
    pub(super) starts_batches: bool,
    manager: PhantomData<fn(M)>,
}

impl<M: ProcessManager> Manager<M> {
    /// Follows this log, by a subscription with the process manager's name, and sends commands with this dispatcher.
    #[must_use]
    pub fn new(source: impl EventSource, dispatcher: impl Dispatcher<M::Command>) -> Self {
        Self {
            sources: vec![(M::NAME.to_owned(), SharedSource::new(source))],
            dispatcher: Arc::new(Typed::new(dispatcher)),
            pace: None,
            settings: Ok(Value::Null),
            starts_batches: false,
            manager: PhantomData,
        }
    }

    /// Also follows this log, by a subscription with this name.
    #[must_use]
    pub fn also_follows(mut self, name: impl Into<String>, source: impl EventSource) -> Self {
        self.sources.push((name.into(), SharedSource::new(source)));
        self
    }

    /// Sets the settings that its functions find in [`Context::settings`](process_manager::manager::Context::settings);
    /// at most 16 KiB of JSON. An instance keeps the settings that it began with.
    /// [`Hosting::register`](super::Hosting::register) reports unusable settings.
    #[must_use]
    pub fn settings(mut self, settings: &impl Serialize) -> Self {
        self.settings = checked(settings);
        self
    }

    /// Lets the process manager's commands `StartBatch` and `CancelBatch` start and cancel batches on this task queue;
    /// the dispatcher does not get them. Their data is [`StartBatch`](process_manager::batch::StartBatch) and
    /// [`CancelBatch`](process_manager::batch::CancelBatch). The instance gets the events `BatchProgressed` and
    /// `BatchEnded`, whose data is [`Progress`](process_manager::batch::Progress).
    #[must_use]
    pub fn starts_batches(mut self) -> Self {
        self.starts_batches = true;
        self
    }

    /// Sets how often its subscriptions sweep and how long their turns are; by default
    /// [`Hosting::pace`](super::Hosting::pace) applies.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }
}

/// Returns the settings as JSON, or why they cannot be used.
fn checked(settings: &impl Serialize) -> Result<Value, String> {
    let settings = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    if settings.to_string().len() > SETTINGS_BYTES {
        return Err(format!("they have more than {SETTINGS_BYTES} bytes"));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_at_most_16_kib() {
        let settings = |bytes: usize| checked(&"x".repeat(bytes - 2));
        assert!(settings(SETTINGS_BYTES).is_ok());
        assert!(settings(SETTINGS_BYTES + 1).unwrap_err().contains("16384 bytes"));
        assert!(
            checked(&std::collections::BTreeMap::from([((1, 2), 3)])).unwrap_err().contains("key must be a string")
        );
    }
}
