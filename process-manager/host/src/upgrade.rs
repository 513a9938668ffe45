//! Checks before an upgrade what other code would do with the instances that are open.
//!
//! Three steps, each of which may be a test or a command of your worker's program:
//!
//! 1. [`download`](UpgradeCheck::download) writes the histories of open instances into a folder.
//! 2. [`record`](UpgradeCheck::record), **by the code that is deployed**, replays them and writes beside each what that
//!    code decides. (A history has the names of the commands that were sent, and hardly ever more.)
//! 3. [`check`](UpgradeCheck::check), by the new code, replays them and compares: which instances cannot continue, which
//!    would decide otherwise, and at which step.
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
//! Without the second step the names of the commands are compared, and the bodies and keys of those whose first attempt
//! has failed. What is compared:
//!
//! | found | exit code | how |
//! |---|---|---|
//! | it cannot continue | 2 | its history does not replay; the code cannot read its state, migrate it, or read an event that it has handled; its file cannot be read |
//! | it would decide otherwise under the version that it keeps: a fault of the new code | 1 | the commands (name, data, settings, key), the timers, the end, the state, and what is decided about a failure |
//! | it would decide otherwise from its next run on, under the new [`VERSION`](process_manager::manager::ProcessManager::VERSION) | 1, or 0 where it is [accepted](UpgradeCheck::accept_new_version) | each call that it has seen is made once more, with the migrated state |
//! | such events would be routed otherwise | 1 | each event that was delivered to it is routed once more |
//!
//! A run that continues another one begins with what that one has handed over, so it is checked from there on. A
//! workflow that is written by hand is replayed, and nothing more.

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

/// Why a check cannot be made.
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
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The folder has files already, so old histories would stay among the new ones.
    #[error("{} is not empty; name a new folder", .0.display())]
    NotEmpty(PathBuf),
    /// Two workflows have one name, or the SDK's replayer cannot be used.
    #[error("histories cannot be replayed: {0}")]
    Replayer(String),
}

/// The code that is checked: process managers, and the workflows beside them.
#[derive(Clone)]
pub struct UpgradeCheck {
    options: WorkflowReplayerOptions,
    known: Vec<Known>,
    accepts_new_version: bool,
    within: Duration,
    /// Two workflows that were given have one name.
    unusable: Option<String>,
}

/// A workflow type.
#[derive(Debug, Clone, Copy)]
struct Known {
    workflow_type: &'static str,
    manager: Option<Judge>,
}

/// What a process manager is asked beside the replay.
#[derive(Debug, Clone, Copy)]
struct Judge {
    version: u32,
    /// How it routes an event.
    routing: fn(&CloudEvent) -> Routing,
    /// The state with which an instance goes on that has handed over to this run; `None` if the run is its first one.
    next_run: fn(&Begin) -> Option<Result<Value, String>>,
    /// A state of this version as the code reads it, of its own version.
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

    /// Checks a workflow that is written by hand: whether its histories replay.
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

    /// What changes with a new version is listed, and does not fail the check.
    #[must_use]
    pub fn accept_new_version(mut self) -> Self {
        self.accepts_new_version = true;
        self
    }

    /// Sets how long the replay of one history may take. For the fuzz targets alone.
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

    /// Replays the histories of the folder, and writes beside each what this code decides. To be called by the code that
    /// is deployed. Returns how many they are.
    ///
    /// # Errors
    /// [`UpgradeError::File`] when the folder or a file cannot be used; [`UpgradeError::Replayer`] when two workflows
    /// have one name.
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
    /// As [`Self::record`]. A history that cannot be read is no error; the report tells it.
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
