//! The workflow `Subscription`: keeps the activity running that follows the log, and stops visibly if an operator has
//! to decide.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use chrono::{DateTime, TimeDelta, Utc};
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
    Status, SubscriptionState,
    payload::{At, read_at, read_input, read_redeliver, read_retrying},
    policy::{follow_options, redeliver_options, start_options},
    state::Run,
};
use crate::{
    activities::{EventsToRedeliver, Followed, LeftOut, LogActivities, OTHER_LOG, Redelivered},
    failed, is_too_long, now,
    timer::timer,
};

/// The patch of runs that check their length while they wait.
const GROWN: &str = "too-long-while-it-waits";
/// The longest pause before a retry.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(3_650);
/// The patch of runs in which a rewind survives the stop of the turn that it meets.
const REWOUND: &str = "a-rewind-outlasts-a-stop";

/// Follows one log for ever.
#[workflow]
pub struct Subscription {
    run: Result<Run, String>,
    /// Whether a signal has come since the run began to wait.
    is_signalled: bool,
}

#[workflow_methods]
impl Subscription {
    /// Reads the input. A bad one ends the run in [`Self::run`]; it must not fail the workflow task.
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: RawValue) -> Self {
        Self { run: read_input(&input).map(Run::new), is_signalled: false }
    }

    /// Follows the log, turn after turn.
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        if let Some(why) = ctx.state(|it| it.run.as_ref().err().cloned()) {
            return Err(failed("InvalidInput", why));
        }
        find_start(ctx).await?;
        if let Some(at) = ctx.state(|it| it.run.as_ref().ok().and_then(|run| run.follow().retry_at))
            && (is_full(ctx) || !retry_later(ctx, at).await?)
        {
            return hand_over(ctx);
        }
        loop {
            if ctx.state(|it| it.run.as_ref().is_ok_and(Run::hands_over)) && is_too_long(ctx) {
                return hand_over(ctx);
            }
            match ctx.state_mut(|it| it.state_mut().map_or(Status::Stopped, Run::next)) {
                Status::Following | Status::Retrying => {
                    if redeliver(ctx).await? {
                        continue;
                    }
                    if let Some(followed) = follow(ctx).await?
                        && (!is_retried(ctx, &followed).await? || ctx.continue_as_new_suggested())
                        // What an operator asked for at the end of the turn comes first.
                        && !ctx.state(|it| it.run.as_ref().is_ok_and(Run::is_interrupted))
                    {
                        return hand_over(ctx);
                    }
                }
                status @ (Status::Paused | Status::Stopped) => {
                    ctx.set_current_details(ctx.state(|it| it.run.as_ref().map(Run::details).unwrap_or_default()));
                    wait(ctx, status).await?;
                    ctx.set_current_details("");
                }
            }
        }
    }

    /// Resumes at the same position, or after `{"position": …}`, in the current log; with `"continues": true` that log
    /// is the former one up to the position.
    #[signal]
    pub fn resume(&mut self, _ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        self.signalled("resume", read_at(&input), Run::resume);
    }

    /// Delivers nothing more, until `resume` or `rewind`.
    #[signal]
    pub fn pause(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _input: RawValue) {
        self.signalled("pause", Ok(At::default()), |run, _| run.pause());
    }

    /// Goes on after `{"position": …}`, wherever it is. Instances drop events that they have already handled.
    #[signal]
    pub fn rewind(&mut self, _ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        self.signalled("rewind", read_at(&input), Run::rewind);
    }

    /// Delivers the events at `{"positions": […]}` again, to `{"instance": …}` alone or to all that they are routed to.
    #[signal]
    pub fn redeliver(&mut self, _ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        self.signalled("redeliver", read_redeliver(&input), Run::redeliver);
    }

    /// Records the instances to which the turn cannot deliver, as reported by the reader of the log.
    #[signal]
    pub fn retrying(&mut self, ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        self.signalled("retrying", read_retrying(&input), |run, retrying| {
            run.retry(retrying);
            ctx.set_current_details(run.details());
            Ok(())
        });
    }

    /// Returns the subscription's state.
    #[query]
    pub fn state(&self, _ctx: &WorkflowContextView) -> Option<SubscriptionState> {
        self.run.as_ref().ok().map(Run::view)
    }
}

impl Subscription {
    fn state_mut(&mut self) -> Option<&mut Run> {
        self.run.as_mut().ok()
    }

    fn signalled<T>(
        &mut self,
        name: &str,
        payload: Result<T, &'static str>,
        act: impl FnOnce(&mut Run, T) -> Result<(), &'static str>,
    ) {
        self.is_signalled = true;
        let acted = payload.and_then(|payload| self.state_mut().map_or(Ok(()), |run| act(run, payload)));
        if let Err(why) = acted {
            tracing::warn!(why, "signal {name} is ignored");
        }
    }
}

/// Waits for a signal, or for more signals than a run should hold: one with an unknown name wakes nothing, and shows
/// only in the length. A patch named after the place in the history tells apart older runs.
async fn wait(ctx: &WorkflowContext<Subscription>, status: Status) -> Result<(), WorkflowTermination> {
    ctx.state_mut(|it| it.is_signalled = false);
    let is_over = |it: &Subscription| it.is_signalled || it.run.as_ref().is_ok_and(|run| run.status() != status);
    let hands_over = ctx.state(|it| it.run.as_ref().is_ok_and(Run::hands_over));
    loop {
        let length = ctx.history_length();
        let has_grown = || hands_over && ctx.history_length() > length && is_too_long(ctx);
        ctx.wait_condition(|it| is_over(it) || has_grown()).await?;
        if ctx.state(is_over) || ctx.patched(&format!("{GROWN}-{}", ctx.history_length())) {
            return Ok(());
        }
    }
}

/// Returns whether signals that came before the run's first task have made it too long. A patch tells apart runs that
/// began before this was checked.
fn is_full(ctx: &WorkflowContext<Subscription>) -> bool {
    let hands_over = ctx.state(|it| it.run.as_ref().is_ok_and(Run::hands_over));
    hands_over && is_too_long(ctx) && ctx.patched(&format!("{GROWN}-{}", ctx.history_length()))
}

fn hand_over(ctx: &WorkflowContext<Subscription>) -> WorkflowResult<()> {
    let next = ctx.state(|it| it.run.as_ref().ok().map(Run::handed_over));
    let next = RawValue::from_value(&next, ctx.payload_converter());
    match ctx.continue_as_new(next, ContinueAsNewOptions::default())? {}
}

/// Carries out a redelivery that an operator asked for; returns `false` if there is none.
async fn redeliver(ctx: &WorkflowContext<Subscription>) -> Result<bool, WorkflowTermination> {
    let asked = ctx.state_mut(|it| {
        let run = it.state_mut()?;
        Some((run.follow(), run.begin_redelivery()?))
    });
    let Some((follow, redeliver)) = asked else { return Ok(false) };
    let options = redeliver_options(redeliver.positions.len());
    let positions = redeliver.positions.clone();
    let events = EventsToRedeliver { follow, redeliver };
    let outcome = ctx.execute_activity(LogActivities::redeliver_events, events, options).await;
    if ctx.cancellation_token().is_cancelled() {
        return Err(WorkflowTermination::cancelled());
    }
    let left_out = |why: String| Redelivered {
        events: 0,
        left_out: positions.into_iter().map(|position| LeftOut { position, why: why.clone() }).collect(),
    };
    let redelivered = outcome.unwrap_or_else(|error| left_out(error.to_string()));
    ctx.state_mut(|it| it.state_mut().map(|run| run.redelivered(redelivered)));
    Ok(true)
}

/// Finds where a new subscription begins, once: the answer stays in the history.
async fn find_start(ctx: &WorkflowContext<Subscription>) -> Result<(), WorkflowTermination> {
    let Some(follow) = ctx.state(|it| it.run.as_ref().ok().map(Run::follow)).filter(|it| it.start_from.is_some())
    else {
        return Ok(());
    };
    let position = ctx.execute_activity(LogActivities::find_start, follow, start_options()).await?;
    ctx.state_mut(|it| it.state_mut().map(|run| run.starts_at(position)));
    Ok(())
}

/// Runs one turn; returns `None` if an operator interrupted it, or it has stopped.
async fn follow(ctx: &WorkflowContext<Subscription>) -> Result<Option<Followed>, WorkflowTermination> {
    let Some(follow) = ctx.state_mut(|it| it.state_mut().map(Run::begin_turn)) else { return Ok(None) };
    let options = follow_options(follow.from.position);
    let mut turn = ctx.execute_activity(LogActivities::follow_log, follow, options);
    let mut is_interrupted = false;
    let outcome = loop {
        select! {
            outcome = turn => break outcome,
            interrupted = ctx.wait_condition(|it| !is_interrupted && it.run.as_ref().is_ok_and(Run::is_interrupted)) => {
                interrupted?;
                is_interrupted = true;
                turn.cancel();
            }
        }
    };
    if ctx.cancellation_token().is_cancelled() {
        return Err(WorkflowTermination::cancelled());
    }
    // The details named the instances to which this turn could not deliver.
    ctx.set_current_details("");
    let is_rewound = ctx.state(|it| it.run.as_ref().is_ok_and(Run::is_rewound));
    // The rewind may have come at the end of the turn.
    let is_interrupted = is_interrupted || outcome.is_err() && is_rewound && ctx.patched(REWOUND);
    ctx.state_mut(|it| {
        let Some(run) = it.state_mut() else { return Ok(None) };
        run.end_turn();
        match outcome {
            Ok(followed) => {
                run.followed(&followed);
                Ok(Some(followed).filter(|_| !is_interrupted))
            }
            // The worker that was asked to stop is gone: what it had delivered comes again.
            Err(_) if is_interrupted => Ok(None),
            Err(error @ ActivityExecutionError::Cancelled(_)) => Err(error.into()),
            Err(error) => {
                let (why, is_other_log, at) = match error.reason() {
                    Some(IncomingError::Application(failure)) => {
                        let is_other_log = failure.type_name() == Some(OTHER_LOG);
                        (failure.to_string(), is_other_log, failure.details().unwrap_or_default())
                    }
                    _ => (error.to_string(), false, None),
                };
                run.stop(why, is_other_log, at);
                Ok(None)
            }
        }
    })
}

/// Waits for the retry of the next event; returns `false` if none is due in this run.
async fn is_retried(ctx: &WorkflowContext<Subscription>, followed: &Followed) -> Result<bool, WorkflowTermination> {
    let Some(millis) = followed.retry_after_ms else { return Ok(false) };
    let pause = i64::try_from(millis).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(LONGEST_PAUSE);
    retry_later(ctx, now(ctx) + pause.min(LONGEST_PAUSE)).await
}

/// Waits for the retry of the next event, or until an operator wants something else. Returns `false` if the history has
/// become too long meanwhile, and the next run goes on waiting.
async fn retry_later(ctx: &WorkflowContext<Subscription>, at: DateTime<Utc>) -> Result<bool, WorkflowTermination> {
    let is_interrupted = |it: &Subscription| it.run.as_ref().is_ok_and(Run::is_interrupted);
    let hands_over = ctx.state(|it| it.run.as_ref().is_ok_and(Run::hands_over));
    let mut timer = timer(ctx, (at - now(ctx)).to_std().unwrap_or_default());
    loop {
        let length = ctx.history_length();
        let has_grown = || hands_over && ctx.history_length() > length && is_too_long(ctx);
        select! {
            _ = timer => break,
            woken = ctx.wait_condition(|it| is_interrupted(it) || has_grown()) => {
                woken?;
                if ctx.state(is_interrupted) {
                    timer.cancel();
                    break;
                }
                if ctx.patched(&format!("{GROWN}-{}", ctx.history_length())) {
                    timer.cancel();
                    ctx.state_mut(|it| it.state_mut().map(|run| run.retries_at(Some(at))));
                    return Ok(false);
                }
            }
        }
    }
    ctx.state_mut(|it| it.state_mut().map(|run| run.retries_at(None)));
    Ok(true)
}
