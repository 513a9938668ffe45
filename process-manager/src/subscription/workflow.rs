//! The workflow `Subscription`: keeps the activity running that follows the log, and stops visibly where a person has to
//! decide.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use std::time::Duration;

use messages::Position;
use serde::{Deserialize, Serialize};
use temporalio_common::{
    RetryPolicy,
    data_converters::RawValue,
    error::{ActivityExecutionError, ApplicationFailure, IncomingError},
};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ActivityOptions, ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};

use super::{
    activity::{Follow, Subscriptions},
    payload::{Resume, read_input, read_resume},
};
use crate::feed::FeedPosition;

/// A worker that is not heard of for this long is taken for dead, and another one goes on.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);
/// Far beyond a turn's time: it only ends an attempt that hangs and heartbeats all the same.
const TURN_TIMEOUT: Duration = Duration::from_secs(3600);

/// Whether a subscription follows its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Events are delivered.
    Following,
    /// The log is another one, or lost its end; a person has to decide.
    Stopped,
}

/// Answer of the query `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionState {
    /// The subscription.
    pub name: String,
    /// Where it stands, or stopped; while it follows, where this turn began (the heartbeat tells the latest).
    #[serde(flatten)]
    pub at: FeedPosition,
    /// Whether it follows its log.
    pub status: Status,
    /// Why it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Follows one log for ever.
#[workflow]
pub struct Subscription {
    follow: Result<Follow, String>,
    error: Option<String>,
    resume: Option<Resume>,
}

#[workflow_methods]
impl Subscription {
    /// Reads the input. A bad one ends the run in [`Self::run`]; it must not fail the workflow task.
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: RawValue) -> Self {
        Self { follow: read_input(&input), error: None, resume: None }
    }

    /// Follows the log, turn after turn.
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        loop {
            let follow = ctx.state(|run| run.follow.clone()).map_err(invalid_input)?;
            let options = ActivityOptions::with_start_to_close_timeout(TURN_TIMEOUT)
                .heartbeat_timeout(HEARTBEAT_TIMEOUT)
                .retry_policy(retry_policy())
                .summary(format!("Follow the log from position {}", follow.from.position))
                .build();
            match ctx.execute_activity(Subscriptions::follow, follow.clone(), options).await {
                Ok(from) => {
                    let next = RawValue::from_value(&Follow { from, ..follow }, ctx.payload_converter());
                    match ctx.continue_as_new(next, ContinueAsNewOptions::default())? {}
                }
                Err(error @ ActivityExecutionError::Cancelled(_)) => return Err(error.into()),
                Err(error) => stop(ctx, &error).await?,
            }
        }
    }

    /// A person has decided: goes on at the same place, or after `{"position": …}` in whatever log is there now.
    #[signal]
    pub fn resume(&mut self, _ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        match (read_resume(&input), &self.error) {
            (Ok(resume), Some(_)) => self.resume = Some(resume),
            (Ok(_), None) => tracing::info!("resume is ignored: the subscription is not stopped"),
            (Err(why), _) => tracing::warn!(why, "resume is ignored"),
        }
    }

    /// Where the subscription stands.
    #[query]
    pub fn state(&self, _ctx: &WorkflowContextView) -> Option<SubscriptionState> {
        let Follow { name, from: at } = self.follow.clone().ok()?;
        let status = if self.error.is_some() { Status::Stopped } else { Status::Following };
        Some(SubscriptionState { name, at, status, error: self.error.clone() })
    }
}

impl Subscription {
    fn stop_at(&mut self, why: String, at: Option<FeedPosition>) -> Position {
        self.error = Some(why);
        let Ok(follow) = &mut self.follow else { return 0 };
        follow.from = at.unwrap_or_else(|| follow.from.clone());
        follow.from.position
    }

    fn go_on(&mut self) {
        self.error = None;
        let resume = self.resume.take().unwrap_or_default();
        if let (Some(position), Ok(follow)) = (resume.position, &mut self.follow) {
            follow.from = FeedPosition { position, logid: None };
        }
    }
}

/// Waits until a person has decided.
async fn stop(ctx: &WorkflowContext<Subscription>, error: &ActivityExecutionError) -> Result<(), WorkflowTermination> {
    let (why, at) = match error.reason() {
        Some(IncomingError::Application(failure)) => (failure.to_string(), failure.details().unwrap_or_default()),
        _ => (error.to_string(), None),
    };
    let position = ctx.state_mut(|run| run.stop_at(why.clone(), at));
    ctx.set_current_details(format!(
        "**Stopped** after position {position}: {why}.\n\nNo events are delivered any more. Find out what has become of \
         the log. Then send the signal `resume`: without input, to go on at the same place (the log has been \
         restored), or with `{{\"position\": 0}}`, to read the log that is there now from its origin (or after another \
         position)."
    ));
    ctx.wait_condition(|run| run.resume.is_some()).await?;
    ctx.set_current_details("");
    ctx.state_mut(Subscription::go_on);
    Ok(())
}

/// Without end, and soon: a dead worker's subscription is to go on.
fn retry_policy() -> RetryPolicy {
    RetryPolicy::builder().initial_interval(Duration::from_millis(200)).maximum_interval(Duration::from_secs(5)).build()
}

fn invalid_input(why: String) -> WorkflowTermination {
    let failure = ApplicationFailure::builder(why).type_name("InvalidInput".to_owned()).non_retryable(true).build();
    WorkflowTermination::failed_application(failure)
}
