//! The contract: what a process manager is.

use std::{error::Error as StdError, fmt::Debug};

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Attention, Commands, Failure, Metadata, OnError, OnRoutingError, Options, Outcome, Route, RoutingError};

/// A process manager: its state, and pure functions from events and timers to commands.
///
/// The type itself is the state of one instance; an instance begins with its default. Deterministic workflow code calls
/// the functions. They use no clock (see [`Context::now`]), no randomness and nothing from outside.
///
/// An event is handled in this order: [`handle`](Self::handle), then the dispatch of each command that it returns, each
/// followed by [`after_command`](Self::after_command), then [`apply`](Self::apply). If any step fails,
/// [`on_error`](Self::on_error) is asked.
pub trait ProcessManager: Debug + Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name: the workflow type of its instances and the first part of their ids. Changing it orphans existing
    /// instances and starts the subscription from the beginning.
    const NAME: &'static str;

    /// The version of this code, from 1. An instance's run keeps the version that it began with, see
    /// [`Context::version`]; a run that begins later has the new one.
    const VERSION: u32 = 1;

    /// The events it handles: an enum tagged with `type` and `data`, as serde writes
    /// `#[serde(tag = "type", content = "data")]`. Events of other types are ignored.
    type Event: Debug + Clone + DeserializeOwned + Send + Sync + 'static;

    /// The commands it sends: an enum tagged in the same way.
    type Command: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The error of its functions; [`std::convert::Infallible`] if they never fail.
    type Error: StdError + Send + Sync + 'static;

    /// Returns the options with which it runs.
    #[must_use]
    fn options() -> Options {
        Options::default()
    }

    /// Upcasts an event from an older schema version. It is called each time, before anything else sees the event.
    #[must_use]
    fn upcast(event: CloudEvent) -> CloudEvent {
        event
    }

    /// Returns the instances that an event goes to.
    ///
    /// # Errors
    /// Returned if the event cannot be routed; [`Self::on_routing_error`] decides.
    fn route(event: &Self::Event, metadata: &Metadata) -> Result<Route, Self::Error>;

    /// Returns the commands that follow from an event; none by default.
    ///
    /// # Errors
    /// Returned if the event cannot be handled; [`Self::on_error`] decides.
    fn handle(&self, _event: &Self::Event, _context: &Context<'_>) -> Result<Commands<Self::Command>, Self::Error> {
        Ok(Commands::none())
    }

    /// Updates the state with the event, after its commands were dispatched. By default the state stays as it is.
    ///
    /// # Errors
    /// Returned if the event cannot be applied; [`Self::on_error`] decides. The state stays as it was before.
    fn apply(&mut self, _event: &Self::Event, _context: &Context<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Returns the commands that follow from a due timer, given by the name under which it was set; none by default.
    /// Each timer that was set is handled once, not before its time.
    ///
    /// A timer waits its turn like an event: it goes before events that were recorded after it was due, and behind the
    /// others. Its commands have the correlation and the causation of the event that set it, and so has
    /// [`Context::metadata`]. If a timer sets another timer, that one counts as set by the first timer's event.
    ///
    /// # Errors
    /// Returned if the timer cannot be handled; [`Self::on_error`] decides.
    fn handle_timer(&self, _timer: &str, _context: &Context<'_>) -> Result<Commands<Self::Command>, Self::Error> {
        Ok(Commands::none())
    }

    /// Updates the state with a due timer, after its commands were dispatched. By default the state stays as it is.
    ///
    /// # Errors
    /// Returned if the timer cannot be applied; [`Self::on_error`] decides. The state stays as it was before.
    fn apply_timer(&mut self, _timer: &str, _context: &Context<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Decides about a failure. By default the instance is parked with the error, and stays visible until an operator
    /// retries or acknowledges. Other instances are not affected.
    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Self::Command> {
        failure.stop()
    }

    /// Decides about an event that could not be routed, at the given attempt (from 1). By default the subscription
    /// stops, visibly.
    #[must_use]
    fn on_routing_error(_error: &RoutingError<Self::Error>, _metadata: &Metadata, _attempt: u32) -> OnRoutingError {
        OnRoutingError::Stop
    }

    /// Decides whether the instance continues after a command was dispatched. If not, it ends and its state is gone.
    fn after_command(&self, _command: &Self::Command) -> AfterCommand {
        AfterCommand::Continue
    }

    /// Returns the outcome of an instance that ends with this event, for operators; none by default.
    ///
    /// The event is the one that was routed by [`Route::stop`], or the one whose command ended the instance in
    /// [`after_command`](Self::after_command). Nothing follows from the outcome, and a panic counts as none. There is
    /// no outcome if more than 512 KiB of events waited when the run continued as new: then only the position of a stop
    /// is kept.
    fn outcome(&self, _event: &Self::Event) -> Option<Outcome> {
        None
    }

    /// Returns why an operator is needed although the instance goes on. It shows as an incident until this is `None`
    /// again. By default nobody is needed.
    ///
    /// It is asked whenever the instance waits. If new code changes the answer, it must keep the old answer for runs of
    /// the old version.
    fn attention(&self, _version: u32) -> Option<Attention> {
        None
    }

    /// Returns whether the command is a question: its receiver answers with an event, which the instance handles after
    /// the events that already wait. By default no command is. The answer is in no log and is not routed; everything
    /// else is the same. If new code changes this function, it must keep the old answer for the commands of earlier
    /// versions.
    #[must_use]
    fn is_question(_command: &Self::Command) -> bool {
        false
    }

    /// Returns whether an operator may send this event to an instance directly, by the signal `instruct`; none by
    /// default. An instruction is an event that is in no log and is not routed; everything else is the same.
    #[must_use]
    fn is_instruction(_event: &Self::Event) -> bool {
        false
    }

    /// Migrates the state of an instance that was carried over under an older [`Self::VERSION`].
    ///
    /// The state was written by older code, or by this code in a run that keeps the older version. The result must be
    /// the same for both.
    ///
    /// # Errors
    /// Returned if the state cannot be migrated. The instance is then parked, and its state is kept for code that can.
    fn migrate(_version: u32, state: Value) -> Result<Value, Self::Error> {
        Ok(state)
    }
}

/// Information available to `handle` and `apply` besides the event.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub(crate) process_id: &'a str,
    pub(crate) metadata: &'a Metadata,
    pub(crate) now: DateTime<Utc>,
    pub(crate) version: u32,
    pub(crate) settings: &'a Value,
}

impl Context<'_> {
    /// Returns the settings that the worker had for this process manager when the instance began; `null` if it had
    /// none.
    #[must_use]
    pub fn settings(&self) -> &Value {
        self.settings
    }

    /// Returns the instance's id.
    #[must_use]
    pub fn process_id(&self) -> &str {
        self.process_id
    }

    /// Returns the event's metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.metadata
    }

    /// Returns the time; it is the same in a replay.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Returns the [`ProcessManager::VERSION`] that this run began with. If new code changes which commands follow from
    /// an event, it must keep the old way for runs of the old version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
}

/// Decision of [`ProcessManager::after_command`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCommand {
    /// The instance continues.
    Continue,
    /// The instance ends, and its state is gone.
    Stop,
}
