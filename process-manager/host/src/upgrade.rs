//! Checks before an upgrade what other code would do with open instances.
//!
//! There are three steps, each of which may be a test or a command of your worker's program:
//!
//! 1. [`download`](UpgradeCheck::download) writes the histories of open instances into a folder.
//! 2. [`record`](UpgradeCheck::record), run **by the deployed code**, replays them and writes beside each what that
//!    code decides. (A history has the names of the commands that were sent, and hardly ever more.)
//! 3. [`check`](UpgradeCheck::check), run by the new code, replays them and compares: which instances cannot continue,
//!    which would decide differently, and at which step.
//!
//! ```no_run
//! # use process_manager::manager::ProcessManager;
//! # async fn check<TransferMoney: ProcessManager>(client: temporalio_client::Client) -> Result<u8, Box<dyn std::error::Error>> {
//! use process_manager_host::upgrade::UpgradeCheck;
//!
//! let upgrade = UpgradeCheck::new().manager::<TransferMoney>();
//! upgrade.download(&client, "histories", 1_000).await?;
//! // By the code that is deployed:
//! upgrade.record("histories")?;
//! // By the new code:
//! let report = upgrade.check("histories")?;
//! eprintln!("{report}");
//! # Ok(
//! report.exit_code()
//! # )
//! # }
//! ```
//!
//! Without the second step, the check compares the names of the commands, and the bodies and keys of those whose first
//! attempt failed. The check compares:
//!
//! | found | exit code | how |
//! |---|---|---|
//! | the instance cannot continue | 2 | its history does not replay; the code cannot read its state, migrate it, or read an event that it has handled; its file cannot be read |
//! | it would decide differently under the version that it keeps: a fault of the new code | 1 | the check compares the commands (name, data, settings, key), the timers, the end, the state, and the decisions about failures |
//! | it would decide differently from its next run on, under the new [`VERSION`](process_manager::manager::ProcessManager::VERSION) | 1, or 0 if [accepted](UpgradeCheck::accept_new_version) | the check repeats each call that the instance has seen, with the migrated state |
//! | events like those delivered to it would be routed differently | 1 | the check routes each event that was delivered to it again |
//!
//! A run that continues another one begins with what that run handed over, so it is checked from there on. A
//! hand-written workflow is only replayed.

mod compare;
mod download;
mod examine;
mod files;
mod finding;
mod history;
mod replay;
mod report;
mod routing;
mod words;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use process_manager::{
    CloudEvent,
    decisions::{Observed, bounded},
    instance::Instance,
    manager::ProcessManager,
};
use process_manager_engine::{
    batch::{Batch, BatchFailures},
    instance::{Begin, ProcessInstance},
    subscription::Subscription,
};
use process_manager_wire::error_chain;
use serde_json::Value;
use temporalio_common::{WorkflowDefinition, data_converters::DataConverter};
use temporalio_sdk::workflow_replayer::WorkflowReplayerOptions;
use temporalio_workflow::workflows::WorkflowImplementation;

use self::routing::{Routing, routing};
pub use self::{
    download::Downloaded,
    finding::{Finding, Verdict},
    report::Report,
};
use crate::operator::OperatorError;

/// The reason why a check cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// Temporal is unavailable, or rejects a request.
    #[error(transparent)]
    Temporal(#[from] OperatorError),
    /// A history cannot be downloaded.
    #[error("the history of {workflow_id} cannot be downloaded: {why}")]
    History {
        /// The workflow.
        workflow_id: String,
        /// Temporal's answer.
        why: String,
    },
    /// A file or a folder cannot be read or written.
    #[error("{} cannot be used: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// The folder already has files, so old histories would stay among the new ones.
    #[error("{} is not empty; name a new folder", .0.display())]
    NotEmpty(PathBuf),
    /// Two workflows have one name, or the SDK's replayer cannot be used.
    #[error("histories cannot be replayed: {0}")]
    Replayer(String),
}

/// The code to check: process managers, and the workflows beside them.
#[derive(Clone)]
pub struct UpgradeCheck {
    options: WorkflowReplayerOptions,
    known: Vec<Known>,
    accepts_new_version: bool,
    within: Duration,
    /// The reason why the check cannot run: two given workflows have one name.
    unusable: Option<String>,
}

/// A workflow type.
#[derive(Debug, Clone, Copy)]
struct Known {
    workflow_type: &'static str,
    manager: Option<Judge>,
}

/// The questions to a process manager besides the replay.
#[derive(Debug, Clone, Copy)]
struct Judge {
    version: u32,
    /// Returns how it routes an event.
    routing: fn(&CloudEvent) -> Routing,
    /// Returns the state with which an instance goes on that has handed over to this run; `None` if the run is its
    /// first one.
    next_run: fn(&Begin) -> Option<Result<Value, String>>,
    /// Returns a state of this version as the code reads it, in its own version.
    migrated: fn(u32, &Value) -> Option<Value>,
}

impl Default for UpgradeCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl UpgradeCheck {
    /// Checks the library's own workflows: subscriptions and batches.
    #[must_use]
    pub fn new() -> Self {
        let check = Self {
            options: WorkflowReplayerOptions::new().build(),
            known: Vec::new(),
            accepts_new_version: false,
            within: replay::WITHIN,
            unusable: None,
        };
        check.workflow::<Subscription>().workflow::<Batch>().workflow::<BatchFailures>()
    }

    /// Checks a process manager.
    #[must_use]
    pub fn manager<M: ProcessManager>(self) -> Self {
        let judge =
            Judge { version: M::VERSION, routing: routing::<M>, next_run: next_run::<M>, migrated: migrated::<M> };
        self.with::<ProcessInstance<Observed<M>>>(Some(judge))
    }

    /// Checks a hand-written workflow: whether its histories replay.
    #[must_use]
    pub fn workflow<W: WorkflowImplementation>(self) -> Self
    where
        <W::Run as WorkflowDefinition>::Input: Send,
    {
        self.with::<W>(None)
    }

    /// Sets the converter of the worker's payloads, if they have a codec.
    #[must_use]
    pub fn data_converter(mut self, converter: DataConverter) -> Self {
        self.options.data_converter = converter;
        self
    }

    /// Lists changes that come with a new version without failing the check.
    #[must_use]
    pub fn accept_new_version(mut self) -> Self {
        self.accepts_new_version = true;
        self
    }

    /// Sets how long the replay of one history may take. Only for the fuzz targets.
    #[doc(hidden)]
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    fn with<W: WorkflowImplementation>(mut self, manager: Option<Judge>) -> Self
    where
        <W::Run as WorkflowDefinition>::Input: Send,
    {
        if let Err(error) = self.options.register_workflow::<W>() {
            self.unusable.get_or_insert(error.to_string());
        }
        self.known.push(Known { workflow_type: W::name(), manager });
        self
    }

    /// Replays the histories of the folder, and writes beside each what this code decides. Call it in the deployed
    /// code. Returns the number of histories.
    ///
    /// # Errors
    /// [`UpgradeError::File`] if the folder or a file cannot be used; [`UpgradeError::Replayer`] if two workflows have
    /// one name.
    pub fn record(&self, folder: impl AsRef<Path>) -> Result<usize, UpgradeError> {
        let folder = folder.as_ref();
        replay::in_a_thread(&self.options()?, self.within, |replayer| {
            let files = files::histories(folder)?;
            for file in &files {
                examine::record(self, replayer, file)?;
            }
            Ok(files.len())
        })
    }

    /// Replays the histories of the folder, and compares what this code decides with what was recorded.
    ///
    /// # Errors
    /// Same as [`Self::record`]. A history that cannot be read is no error; the report names it.
    pub fn check(&self, folder: impl AsRef<Path>) -> Result<Report, UpgradeError> {
        let folder = folder.as_ref();
        replay::in_a_thread(&self.options()?, self.within, |replayer| {
            let mut report = Report::new(self.accepts_new_version);
            for file in files::histories(folder)? {
                report.add(examine::examine(self, replayer, &file)?);
            }
            Ok(report)
        })
    }

    fn options(&self) -> Result<WorkflowReplayerOptions, UpgradeError> {
        match &self.unusable {
            Some(why) => Err(UpgradeError::Replayer(why.clone())),
            None => Ok(self.options.clone()),
        }
    }

    fn known(&self, workflow_type: &str) -> Option<Known> {
        self.known.iter().find(|known| known.workflow_type == workflow_type).copied()
    }
}

fn next_run<M: ProcessManager>(begin: &Begin) -> Option<Result<Value, String>> {
    let carried = begin.carried.clone()?;
    Some(match Instance::<M>::resume(&begin.process_id, M::VERSION, carried) {
        Err(error) => Err(error_chain(&error)),
        Ok(instance) => match instance.unreadable() {
            Some(why) => Err(why.to_owned()),
            None => Ok(instance.view().state),
        },
    })
}

fn migrated<M: ProcessManager>(version: u32, state: &Value) -> Option<Value> {
    let migrated = Observed::<M>::read(version, state.clone()).ok()?;
    serde_json::to_value(migrated).ok().map(bounded)
}
