//! The workflow `Batch`: runs chunk after chunk, and obeys operators' signals in between.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use chrono::{DateTime, Utc};
use process_manager::{
    batch::{BatchState, Chunk, FailedItem, Ignored, Items, Progress, Status, Step},
    instance::Delivery,
    manager::RouteKind,
};
use process_manager_wire::CloudEvent;
use temporalio_common::{
    data_converters::RawValue,
    error::{ActivityExecutionError, IncomingError},
};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    CancellableFuture as _, ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView,
    WorkflowResult, WorkflowTermination, select,
};

use super::{
    BatchActivities, BeginBatch, EventsToTell, FailuresToKeep,
    payload::{read_input, read_limits, read_undo},
    policy,
    publish::publish,
};
use crate::{failed, is_too_long, now};

/// Sends one command for each of many items.
#[workflow]
pub struct Batch {
    state: Result<BatchState, String>,
    /// Whether a signal has come since the run began to wait.
    is_signalled: bool,
    /// What this run has published.
    published: Option<Progress>,
}

#[workflow_methods]
impl Batch {
    /// Reads the input. A bad one ends the run in [`Self::run`]; it must not fail the workflow task.
    #[init]
    pub fn new(ctx: &WorkflowContextView, input: RawValue) -> Self {
        let at = ctx.start_time().map(DateTime::from).unwrap_or_default();
        let state = read_input(&input, ctx.workflow_id()).map(|begin| match begin {
            BeginBatch::Carried { carried } => *carried,
            BeginBatch::Start(start) => BatchState::new(start, at),
        });
        Self { state, is_signalled: false, published: None }
    }

    /// Runs chunk after chunk until each item was answered.
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        if let Some(why) = ctx.state(|it| it.state.as_ref().err().cloned()) {
            return Err(failed("InvalidInput", why));
        }
        loop {
            let at = now(ctx);
            match ctx.state_mut(|it| it.state_mut().next(at)) {
                Step::End => {
                    show(ctx);
                    return Ok(());
                }
                _ if is_too_long(ctx) => return hand_over(ctx),
                Step::Keep { page, items } => keep(ctx, page, items).await?,
                Step::Release(page) => release(ctx, page).await?,
                Step::Tell { event, status } => tell(ctx, *event, status).await?,
                Step::Run(chunk) => {
                    show(ctx);
                    run(ctx, *chunk).await?;
                    show(ctx);
                }
                Step::Wait => {
                    show(ctx);
                    ctx.state_mut(|it| it.is_signalled = false);
                    let length = ctx.history_length();
                    // A signal with an unknown name shows only in the history's length.
                    let has_grown = || ctx.history_length() > length && is_too_long(ctx);
                    ctx.wait_condition(|it| it.is_signalled || has_grown()).await?;
                }
            }
        }
    }

    /// Begins no new commands, until `resume`.
    #[signal]
    pub fn pause(&mut self, ctx: &mut SyncWorkflowContext<Self>, _input: RawValue) {
        let at = time(ctx);
        self.signalled("pause", |state| Ok(state.pause(at)?));
    }

    /// Goes on after a pause.
    #[signal]
    pub fn resume(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _input: RawValue) {
        self.signalled("resume", |state| Ok(state.resume()?));
    }

    /// Sends failed items again.
    #[signal]
    pub fn retry(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _input: RawValue) {
        self.signalled("retry", |state| Ok(state.retry()?));
    }

    /// Ends the batch, and undoes what it has done unless `{"undo": false}`.
    #[signal]
    pub fn cancel(&mut self, _ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        self.signalled("cancel", |state| Ok(state.cancel(read_undo(&input)?)?));
    }

    /// Changes the limits.
    #[signal]
    pub fn limits(&mut self, _ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        self.signalled("limits", |state| Ok(state.change(read_limits(&input)?)?));
    }

    /// Returns the progress.
    #[query]
    pub fn state(&self, _ctx: &WorkflowContextView) -> Option<Progress> {
        self.state.as_ref().ok().map(BatchState::progress)
    }

    /// Returns everything that another run needs to go on. The sweep uses it after this run was ended from outside.
    #[query]
    pub fn carried(&self, _ctx: &WorkflowContextView) -> Option<BatchState> {
        self.state.as_ref().ok().cloned()
    }

    /// Returns the failed items that no other workflow keeps.
    #[query]
    pub fn failed(&self, _ctx: &WorkflowContextView) -> Vec<FailedItem> {
        self.state.as_ref().map(|state| state.failed().to_vec()).unwrap_or_default()
    }
}

impl Batch {
    fn state_mut(&mut self) -> &mut BatchState {
        match &mut self.state {
            Ok(state) => state,
            Err(why) => unreachable!("a run that cannot begin ends at once: {why}"),
        }
    }

    fn signalled(&mut self, name: &str, act: impl FnOnce(&mut BatchState) -> Result<(), Refused>) {
        self.is_signalled = true;
        if let Ok(state) = &mut self.state
            && let Err(Refused(why)) = act(state)
        {
            tracing::warn!(why, "signal {name} is ignored");
        }
    }
}

/// The reason why a signal is ignored.
struct Refused(String);

impl From<Ignored> for Refused {
    fn from(ignored: Ignored) -> Self {
        Self(ignored.to_string())
    }
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self(why)
    }
}

fn time(ctx: &SyncWorkflowContext<Batch>) -> DateTime<Utc> {
    ctx.workflow_time().map(DateTime::from).unwrap_or_default()
}

fn progress(ctx: &WorkflowContext<Batch>) -> Progress {
    ctx.state_mut(|it| it.state_mut().progress())
}

/// Publishes the progress if it has changed.
fn show(ctx: &WorkflowContext<Batch>) {
    let now = progress(ctx);
    if ctx.state_mut(|it| it.published.replace(now.clone())) != Some(now.clone()) {
        publish(ctx, now);
    }
}

/// Runs one chunk, and ends it early if a signal requires that.
async fn run(ctx: &WorkflowContext<Batch>, chunk: Chunk) -> Result<(), WorkflowTermination> {
    let mut running = ctx.execute_activity(BatchActivities::run_chunk, chunk.clone(), policy::chunk(summary(&chunk)));
    let mut is_told = false;
    let outcome = loop {
        select! {
            outcome = running => break outcome,
            told = ctx.wait_condition(|it| !is_told && it.state.as_ref().is_ok_and(BatchState::is_interrupted)) => {
                told?;
                is_told = true;
                running.cancel();
                show(ctx);
            }
        }
    };
    if ctx.cancellation_token().is_cancelled() {
        return Err(WorkflowTermination::cancelled());
    }
    let at = now(ctx);
    ctx.state_mut(|it| match outcome {
        Ok(advance) => it.state_mut().advanced(advance, at),
        // The worker that was told to end the chunk is gone: the next chunk goes on where this one began.
        Err(_) if is_told => it.state_mut().lost(),
        Err(error) => {
            it.state_mut().lost();
            it.state_mut().broken(why(&error), at);
        }
    });
    Ok(())
}

fn why(error: &ActivityExecutionError) -> String {
    match error.reason() {
        Some(IncomingError::Application(failure)) => failure.to_string(),
        _ => error.to_string(),
    }
}

fn summary(chunk: &Chunk) -> String {
    let does = if chunk.undoes { "Undo" } else { "Send" };
    match &chunk.items {
        Items::Source { place, .. } => match &place.cursor {
            Some(cursor) => format!("{does} from {cursor}"),
            None => format!("{does} from the beginning"),
        },
        Items::Failed { .. } | Items::Kept { .. } => format!("{does} again what has failed"),
    }
}

async fn keep(ctx: &WorkflowContext<Batch>, page: u32, items: Vec<FailedItem>) -> Result<(), WorkflowTermination> {
    let count = items.len();
    let input = FailuresToKeep { workflow_id: progress(ctx).id_of_page(page), items };
    let options = policy::request(format!("Keep {count} failed items"));
    ctx.execute_activity(BatchActivities::keep_failures, input, options).await?;
    ctx.state_mut(|it| it.state_mut().kept(page, count));
    Ok(())
}

async fn release(ctx: &WorkflowContext<Batch>, page: u32) -> Result<(), WorkflowTermination> {
    let workflow_id = progress(ctx).id_of_page(page);
    let options = policy::request(format!("Let go page {page} of failed items"));
    ctx.execute_activity(BatchActivities::release_failures, workflow_id, options).await?;
    ctx.state_mut(|it| it.state_mut().released());
    Ok(())
}

async fn tell(ctx: &WorkflowContext<Batch>, event: CloudEvent, status: Status) -> Result<(), WorkflowTermination> {
    let owner = ctx.state_mut(|it| it.state_mut().start().owner.clone());
    if let Some(workflow_id) = owner {
        let options = policy::request(format!("Tell {workflow_id}: {}", event.kind));
        let events = vec![Delivery::new(event, RouteKind::Continue)];
        ctx.execute_activity(BatchActivities::tell_instance, EventsToTell { workflow_id, events }, options).await?;
    }
    let at = now(ctx);
    ctx.state_mut(|it| it.state_mut().told(status, at));
    Ok(())
}

fn hand_over(ctx: &WorkflowContext<Batch>) -> WorkflowResult<()> {
    let carried = Box::new(ctx.state_mut(|it| it.state_mut().clone()));
    let next = RawValue::from_value(&BeginBatch::Carried { carried }, ctx.payload_converter());
    match ctx.continue_as_new(next, ContinueAsNewOptions::default())? {}
}
