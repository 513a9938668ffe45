//! The process manager whose events are delivered, and the empty workflow that is signalled beside it. Both only
//! receive.

use std::{collections::HashMap, convert::Infallible, sync::LazyLock};

use process_manager::prelude::*;
use process_manager_client::http::Envelope;
use process_manager_host::{DispatchError, Dispatcher};
use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{SyncWorkflowContext, WorkflowContext, WorkflowResult};
use tokio::sync::watch;

/// What the instances of this program have received.
static TAKEN: LazyLock<watch::Sender<Taken>> = LazyLock::new(watch::Sender::default);

#[derive(Default)]
struct Taken {
    /// By instance: a replayed state must not count twice.
    each: HashMap<usize, usize>,
    all: usize,
}

/// Forgets what was received.
pub(crate) fn forget() {
    TAKEN.send_replace(Taken::default());
}

/// Waits until this much has been received.
pub(crate) async fn taken(count: usize) {
    let mut taken = TAKEN.subscribe();
    taken.wait_for(|taken| taken.all >= count).await.unwrap();
}

fn take(instance: usize, count: usize) {
    TAKEN.send_modify(|taken| {
        let before = taken.each.entry(instance).or_default();
        taken.all += count.saturating_sub(*before);
        *before = count.max(*before);
    });
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Event {
    /// May start its instance.
    Began { instance: usize },
    /// Continues its instance.
    WentOn { instance: usize },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Command {}

/// Counts its events.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Count(usize);

impl ProcessManager for Count {
    const NAME: &'static str = "Count";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(match event {
            Event::Began { instance } => Route::start(instance),
            Event::WentOn { instance } => Route::proceed(instance),
        })
    }

    fn handle(&self, _: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(Commands::none())
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        let (Event::Began { instance } | Event::WentOn { instance }) = event;
        self.0 += 1;
        take(*instance, self.0);
        Ok(())
    }
}

/// A receiver that is never used: there are no commands.
pub(crate) struct Nowhere;

impl Dispatcher<Command> for Nowhere {
    async fn dispatch(&self, command: &Command, _: &Envelope) -> Result<(), DispatchError> {
        match *command {}
    }
}

/// Waits for ever, and counts its signals.
#[workflow]
#[derive(Debug, Default)]
pub(crate) struct Empty(usize);

#[workflow_methods]
impl Empty {
    #[run]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, _input: RawValue) -> WorkflowResult<()> {
        ctx.wait_condition(|_| false).await?;
        Ok(())
    }

    #[signal]
    pub(crate) fn deliver(&mut self, ctx: &mut SyncWorkflowContext<Self>, _input: RawValue) {
        self.0 += 1;
        if let Some(instance) = ctx.workflow_id().strip_prefix("bench-").and_then(|number| number.parse().ok()) {
            take(instance, self.0);
        }
    }
}
