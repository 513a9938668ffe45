//! Sends one command: first in a local activity, and only after a fault in a durable one (ADR 1).
//!
//! So the good path costs one workflow task, and the bad path has durable retries that the Web UI shows. The
//! idempotency key makes the repeated attempt harmless.

use std::time::Duration;

use chrono::{DateTime, Utc};
use process_manager::manager::{Refusal, Retry};
use temporalio_common::{ActivityDefinition, data_converters::TemporalDeserializable, error::ActivityExecutionError};
use temporalio_workflow::{ActivityOptions, CancellableFuture as _, WorkflowContext, WorkflowTermination, select};

use crate::{
    now,
    outcome::{self, NotAccepted},
    policy,
    timer::timer,
};

/// A workflow that sends commands.
pub trait Sender: Sized + 'static {
    /// Whether the outcome of a local attempt that was not accepted is recorded in the history before the workflow acts
    /// on it (this costs one workflow task).
    ///
    /// Until it is recorded, a worker that dies sends the command again. An accepted command is accepted again, by its
    /// key. A refused command may get a different answer, unless its receiver remembers refusals.
    const RECORDS_REFUSALS: bool;

    /// Publishes what has changed.
    fn publish(ctx: &WorkflowContext<Self>);

    /// Records that the current command is stalled.
    fn stalled(&mut self, detail: String, at: DateTime<Utc>);

    /// Counts a local activity: the server reports its events only with the next workflow task.
    fn local_attempt(&mut self) {}

    /// Returns whether something has come in since [`Self::must_hand_over`] was asked.
    fn has_news(&self) -> bool {
        false
    }

    /// Returns whether the history is too long to wait in this run.
    fn must_hand_over(_ctx: &WorkflowContext<Self>) -> bool {
        false
    }
}

/// How a command is sent.
#[derive(Debug, Clone)]
pub struct Policy {
    /// One line for the Web UI.
    pub summary: String,
    /// The time limit of one attempt.
    pub attempt: Duration,
    /// How faults are retried.
    pub retry: Retry,
    /// When the command is given up.
    pub deadline: Option<DateTime<Utc>>,
}

impl Policy {
    /// Returns the default: attempts of 10 s, retried without end.
    #[must_use]
    pub fn forever(summary: String) -> Self {
        Self { summary, attempt: policy::ATTEMPT, retry: Retry::FOREVER, deadline: None }
    }

    fn left(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.deadline.map(|deadline| (deadline - now).to_std().unwrap_or_default())
    }

    /// Returns the pause before an ended durable activity begins again: not beyond the deadline.
    fn pause(&self, now: DateTime<Utc>) -> Duration {
        let longest = self.retry.longest_pause;
        self.left(now).map_or(longest, |left| left.min(longest)).max(Duration::from_millis(1))
    }
}

/// The outcome of a command.
#[derive(Debug)]
pub enum Sent<T> {
    /// The receiver accepted it.
    Accepted(T),
    /// The receiver refused it.
    Refused(Refusal),
    /// It did not succeed in as many attempts as its policy allows, or can never be sent.
    Failed(String),
    /// The deadline passed first.
    TimedOut,
    /// The history is too long to wait here; the next run sends the command again, with the same key.
    TooLong,
}

impl<T> Sent<T> {
    /// Converts the answer of a receiver that accepted the command.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Sent<U> {
        match self {
            Self::Accepted(answer) => Sent::Accepted(convert(answer)),
            Self::Refused(refusal) => Sent::Refused(refusal),
            Self::Failed(why) => Sent::Failed(why),
            Self::TimedOut => Sent::TimedOut,
            Self::TooLong => Sent::TooLong,
        }
    }
}

/// Sends a command as often as its policy allows.
///
/// # Errors
/// Only if the run was cancelled meanwhile.
pub async fn send<W: Sender, D>(
    ctx: &WorkflowContext<W>,
    activity: impl Fn() -> D,
    input: D::Input,
    policy: &Policy,
) -> Result<Sent<D::Output>, WorkflowTermination>
where
    D: ActivityDefinition,
    D::Input: Clone,
    D::Output: TemporalDeserializable,
{
    let is_single = policy.retry.attempts == Some(1);
    let limit = if is_single { policy.attempt } else { policy.attempt.min(policy::LOCAL_ATTEMPT) };
    let limit = policy.left(now(ctx)).map_or(limit, |left| left.min(limit)).max(Duration::from_millis(1));
    ctx.state_mut(W::local_attempt);
    let options = policy::local(limit, policy.summary.clone());
    let fault = match decide(ctx, ctx.execute_local_activity(activity(), input.clone(), options).await)? {
        Ok(accepted) => return Ok(Sent::Accepted(accepted)),
        Err(NotAccepted::Fault(fault)) => fault,
        Err(answer) => return Ok(recorded(ctx, answered(answer)).await),
    };
    if policy.left(now(ctx)).is_some_and(|left| left.is_zero()) {
        return Ok(recorded(ctx, Sent::TimedOut).await);
    }
    if is_single {
        return Ok(recorded(ctx, Sent::Failed(fault)).await);
    }
    W::publish(ctx);
    wait(ctx, activity, input, policy, fault).await
}

/// Sends a command until the receiver has accepted or refused it. It goes on even if [`Sender::must_hand_over`] says
/// that the history is too long. A workflow that hands over calls [`send`] itself, which then returns
/// [`Sent::TooLong`].
///
/// # Errors
/// Only if the run was cancelled meanwhile.
pub async fn send_until_answered<W: Sender, D>(
    ctx: &WorkflowContext<W>,
    activity: impl Fn() -> D,
    input: D::Input,
    summary: String,
) -> Result<Result<D::Output, Refusal>, WorkflowTermination>
where
    D: ActivityDefinition,
    D::Input: Clone,
    D::Output: TemporalDeserializable,
{
    let policy = Policy::forever(summary);
    loop {
        match send(ctx, &activity, input.clone(), &policy).await? {
            Sent::Accepted(answer) => return Ok(Ok(answer)),
            Sent::Refused(refusal) => return Ok(Err(refusal)),
            Sent::Failed(_) | Sent::TimedOut | Sent::TooLong => {
                timer(ctx, policy.retry.longest_pause).await;
            }
        }
    }
}

/// Ends the workflow task, so that the outcome of the local attempt is in the history. It also publishes: what was
/// published before an operator's retry is stale.
async fn recorded<W: Sender, T>(ctx: &WorkflowContext<W>, sent: Sent<T>) -> Sent<T> {
    if W::RECORDS_REFUSALS {
        W::publish(ctx);
        timer(ctx, Duration::from_millis(1)).await;
    }
    sent
}

/// Waits for the durable activity, the deadline, or a history that is too long.
async fn wait<W: Sender, D>(
    ctx: &WorkflowContext<W>,
    activity: impl Fn() -> D,
    input: D::Input,
    policy: &Policy,
    mut fault: String,
) -> Result<Sent<D::Output>, WorkflowTermination>
where
    D: ActivityDefinition,
    D::Input: Clone,
    D::Output: TemporalDeserializable,
{
    let left = policy.left(now(ctx));
    let options: ActivityOptions = policy::durable(policy.attempt, policy.retry, policy.summary.clone());
    let durable = || ctx.execute_activity(activity(), input.clone(), options.clone());
    let mut attempts = durable();
    let mut waited = left.map_or(policy::STALLED_AFTER, |left| left.min(policy::STALLED_AFTER));
    let mut patience = timer(ctx, waited);
    loop {
        select! {
            outcome = attempts => match decide(ctx, outcome)? {
                // The policy has no end: a worker of another version ended the activity, or an operator failed it.
                Err(NotAccepted::Fault(why)) if policy.retry.attempts.is_none() => {
                    timer(ctx, policy.pause(now(ctx))).await;
                    fault = why;
                    attempts = durable();
                }
                outcome => {
                    patience.cancel();
                    return Ok(outcome.map_or_else(answered, Sent::Accepted));
                }
            },
            _ = patience => {
                if left.is_some_and(|left| waited >= left) {
                    attempts.cancel();
                    return Ok(Sent::TimedOut);
                }
                show_stalled(ctx, &fault);
                if let Some(left) = left {
                    patience = timer(ctx, left.saturating_sub(waited));
                    waited = left;
                }
            }
            woken = ctx.wait_condition(W::has_news) => {
                woken?;
                if W::must_hand_over(ctx) {
                    attempts.cancel();
                    patience.cancel();
                    return Ok(Sent::TooLong);
                }
            }
        }
    }
}

/// If an activity is cancelled but its run is not, that is a fault: its worker was told to end.
fn decide<W, T>(
    ctx: &WorkflowContext<W>,
    outcome: Result<T, ActivityExecutionError>,
) -> Result<Result<T, NotAccepted>, WorkflowTermination> {
    match outcome {
        Err(_) if ctx.cancellation_token().is_cancelled() => Err(WorkflowTermination::cancelled()),
        outcome => Ok(outcome.map_err(|error| outcome::read(&error))),
    }
}

fn answered<T>(answer: NotAccepted) -> Sent<T> {
    match answer {
        NotAccepted::Refused(refusal) => Sent::Refused(refusal),
        NotAccepted::Impossible(why) | NotAccepted::Fault(why) => Sent::Failed(why),
    }
}

fn show_stalled<W: Sender>(ctx: &WorkflowContext<W>, fault: &str) {
    let seconds = policy::STALLED_AFTER.as_secs();
    let detail = format!("has not succeeded for {seconds} s and is retried; the first attempt failed with: {fault}");
    let at = now(ctx);
    ctx.state_mut(|run| run.stalled(detail, at));
    W::publish(ctx);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_with_the_deadline() {
        let now = DateTime::UNIX_EPOCH;
        let left = |seconds| Some(now + Duration::from_secs(seconds));
        let pause = |deadline| Policy { deadline, ..Policy::forever(String::new()) }.pause(now);
        assert_eq!(pause(None), Duration::from_secs(30));
        assert_eq!((pause(left(31)), pause(left(7))), (Duration::from_secs(30), Duration::from_secs(7)));
        assert_eq!(pause(left(0)), Duration::from_millis(1));
    }
}
