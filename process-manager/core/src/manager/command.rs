//! Commands that a process manager sends, each with its own settings.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::timer::{Due, TimerChange};

/// The result of an event or a timer: the commands, in the order in which they are sent (none, one or many), the timers
/// to set and cancel, and whether the instance ends.
///
/// Made from a command, an array or vector of commands, or an iterator. An [`Outgoing`] has settings for one command
/// alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Commands<C> {
    commands: Vec<Outgoing<C>>,
    timers: Vec<TimerChange>,
    stops: bool,
}

impl<C> Commands<C> {
    /// Creates a value without commands.
    #[must_use]
    pub fn none() -> Self {
        Self { commands: Vec::new(), timers: Vec::new(), stops: false }
    }

    /// Sets a timer. Once it is due, [`handle_timer`](super::ProcessManager::handle_timer) is called with its name,
    /// which has 1 to 100 characters. A timer of the same name is replaced. An instance has at most 100 timers.
    ///
    /// The timers change when the event is applied, after its commands were dispatched. They do not change if the event
    /// is skipped. A duration counts from the call of `handle`.
    #[must_use]
    pub fn set_timer(mut self, name: impl Into<String>, due: impl Into<Due>) -> Self {
        self.timers.push(TimerChange::Set(name.into(), due.into()));
        self
    }

    /// Cancels the timer of this name, if there is one.
    #[must_use]
    pub fn cancel_timer(mut self, name: impl Into<String>) -> Self {
        self.timers.push(TimerChange::Cancel(name.into()));
        self
    }

    /// Ends the instance once the event or the timer has been applied; its state and its timers are then gone.
    #[must_use]
    pub fn stop(mut self) -> Self {
        self.stops = true;
        self
    }

    pub(crate) fn stops(&self) -> bool {
        self.stops
    }

    pub(crate) fn as_slice(&self) -> &[Outgoing<C>] {
        &self.commands
    }

    pub(crate) fn timers(&self) -> &[TimerChange] {
        &self.timers
    }

    pub(crate) fn into_inner(self) -> Vec<Outgoing<C>> {
        self.commands
    }
}

impl<C> Default for Commands<C> {
    fn default() -> Self {
        Self::none()
    }
}

impl<C> From<C> for Commands<C> {
    fn from(command: C) -> Self {
        vec![Outgoing::from(command)].into()
    }
}

impl<C> From<Outgoing<C>> for Commands<C> {
    fn from(command: Outgoing<C>) -> Self {
        vec![command].into()
    }
}

impl<C, const N: usize> From<[C; N]> for Commands<C> {
    fn from(commands: [C; N]) -> Self {
        commands.into_iter().collect()
    }
}

impl<C, const N: usize> From<[Outgoing<C>; N]> for Commands<C> {
    fn from(commands: [Outgoing<C>; N]) -> Self {
        Vec::from(commands).into()
    }
}

impl<C> From<Vec<C>> for Commands<C> {
    fn from(commands: Vec<C>) -> Self {
        commands.into_iter().collect()
    }
}

impl<C> From<Vec<Outgoing<C>>> for Commands<C> {
    fn from(commands: Vec<Outgoing<C>>) -> Self {
        Self { commands, timers: Vec::new(), stops: false }
    }
}

impl<C, T: Into<Outgoing<C>>> FromIterator<T> for Commands<C> {
    fn from_iter<I: IntoIterator<Item = T>>(commands: I) -> Self {
        commands.into_iter().map(Into::into).collect::<Vec<Outgoing<C>>>().into()
    }
}

/// A command with settings of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outgoing<C> {
    /// The command.
    pub command: C,
    /// The settings for this command alone.
    #[serde(flatten)]
    pub settings: Settings,
}

/// Settings of one command. An absent setting has its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Settings {
    /// Additional headers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The time limit of one attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How faults are retried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// The key under which the receiver lets the command take effect once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

impl<C> From<C> for Outgoing<C> {
    fn from(command: C) -> Self {
        Self { command, settings: Settings::default() }
    }
}

impl<C> Outgoing<C> {
    /// Creates the command with default settings.
    #[must_use]
    pub fn new(command: C) -> Self {
        command.into()
    }

    /// Adds metadata; over HTTP, a header of this name.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.metadata.insert(name.into(), value.into());
        self
    }

    /// Sets the time limit of one attempt; 10 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Sets how faults are retried before the process manager's `on_error` decides; without end by default.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = Some(retry);
        self
    }

    /// Sets the key under which the receiver lets the command take effect once. By default it is
    /// `<process manager>/<id>/<log>/<event id>/<n>`, where n counts the commands of the event. It is the same on every
    /// attempt, even after a crash. An empty key counts as no key.
    ///
    /// A key that is not 1 to 255 visible ASCII characters is sent percent-encoded and with a hash (see
    /// [`fit_key`](process_manager_wire::headers::fit_key)).
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.settings.idempotency_key = Some(key.into());
        self
    }
}

/// How faults of a command are retried. A refusal never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retry {
    /// Pause before the first retry; it doubles from there.
    pub first_pause: Duration,
    /// Longest pause between two attempts.
    pub longest_pause: Duration,
    /// Maximum number of attempts, including the first; `None` means without end.
    pub attempts: Option<u32>,
}

impl Retry {
    /// Retries without end: after 200 ms, doubling, at most 30 s. The default.
    pub const FOREVER: Self =
        Self { first_pause: Duration::from_millis(200), longest_pause: Duration::from_secs(30), attempts: None };
    /// Never retries: `on_error` is asked at the first fault.
    pub const NEVER: Self = Self { attempts: Some(1), ..Self::FOREVER };

    /// Allows this many attempts, including the first; at least one.
    #[must_use]
    pub const fn attempts(attempts: u32) -> Self {
        Self { attempts: Some(if attempts == 0 { 1 } else { attempts }), ..Self::FOREVER }
    }

    /// Sets the first pause, which then doubles, and the longest pause.
    #[must_use]
    pub const fn pauses(self, first: Duration, longest: Duration) -> Self {
        Self { first_pause: first, longest_pause: longest, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_made_of_what_is_at_hand() {
        let names = |commands: Commands<&'static str>| {
            commands.into_inner().into_iter().map(|outgoing| outgoing.command).collect::<Vec<_>>()
        };
        assert_eq!(names("one".into()), ["one"]);
        assert_eq!(names(["one", "two"].into()), ["one", "two"]);
        assert_eq!(names(vec![Outgoing::new("one").metadata("a", "b")].into()), ["one"]);
        assert!(names(Commands::none()).is_empty());
        assert_eq!(names(["one"].into_iter().filter(|name| name.len() == 3).collect()), ["one"]);
    }
}
