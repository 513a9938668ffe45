//! The activity behind a subscription, and the subscriptions that a worker hosts.

#![expect(dead_code, unreachable_pub, reason = "the macro makes public items of the methods, which nobody calls")]

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use process_manager_engine::activities::{
    EventsToRedeliver, FindStart, Follow, FollowLog, Followed, OTHER_LOG, RedeliverEvents, Redelivered,
};
use process_manager_wire::{Position, error_chain};
use serde_json::json;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    EventHandler, Pace, Terms,
    redelivery::redeliver,
    turn::{Progress, Stopped, Turn, turn},
};
use crate::{heartbeat::heartbeat, operator::Workflows};
use process_manager::{limits::cut, manager::StartFrom};
use process_manager_client::feed::{EventSource, FeedError, FeedPosition, FeedReader, SharedSource};

/// How often the workflow is told which instances are being retried, if that has changed. Each signal makes its history
/// longer.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// A worker without heartbeats for 5 s counts as dead: one every 2 s leaves time for a slow answer.
const AT_REST: Duration = Duration::from_secs(2);
/// Shorter faults show only in the heartbeat.
const WORTH_TELLING: TimeDelta = TimeDelta::seconds(10);

struct Subscribed {
    source: SharedSource,
    handler: Arc<dyn EventHandler>,
    pace: Pace,
}

/// The subscriptions that a worker hosts, by name. Register it with the worker's activities.
pub struct Subscriptions {
    subscribed: HashMap<String, Subscribed>,
    stop: CancellationToken,
}

impl Subscriptions {
    /// Creates an empty set. Once `stop` is cancelled, running subscriptions return their position, so that another
    /// worker can continue from there.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { subscribed: HashMap::new(), stop }
    }

    /// Adds a subscription.
    pub(crate) fn add(&mut self, name: String, source: SharedSource, handler: Arc<dyn EventHandler>, pace: Pace) {
        self.subscribed.insert(name, Subscribed { source, handler, pace });
    }
}

#[activities]
impl Subscriptions {
    /// Follows a log for one turn and returns its place then.
    #[activity(definition = FollowLog)]
    pub async fn follow_log(self: Arc<Self>, ctx: ActivityContext, follow: Follow) -> Result<Followed, ActivityError> {
        let name = follow.name.as_str();
        let subscribed = self.subscribed(name)?;
        let from = resume_at(&ctx, follow.from.clone());
        // The count belongs to the event at which the turn began.
        let attempt = if from == follow.from { follow.attempt } else { 0 };
        tracing::info!(subscription = name, position = from.position, "following the log");
        let (progress, seen) = watch::channel(Progress { at: from.clone(), ..Progress::default() });
        let mut reader = FeedReader::new(subscribed.source.clone(), from);
        // In tasks of their own: slow code of a process manager must hold up no heartbeat.
        let mut beside = JoinSet::new();
        beside.spawn(heartbeat(ctx.clone(), seen.clone(), AT_REST));
        beside.spawn(tell_retrying(ctx.clone(), seen.clone()));
        let pace = subscribed.pace;
        let continues = follow.continues;
        let terms = Terms { attempt, give_up_after: pace.give_up_after, continues, ..Terms::default() };
        let handler = subscribed.handler.as_ref();
        let outcome = turn(name, &mut reader, handler, terms, pace, &progress, self.told_to_stop(&ctx)).await;
        let at = seen.borrow().at.clone();
        match outcome {
            Ok(Turn::Over) => Ok(Followed { at, retry_after_ms: None, attempt: 0 }),
            Ok(Turn::RetryLater { after, attempt }) => {
                let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                Ok(Followed { at, retry_after_ms: Some(millis), attempt })
            }
            Err(error) => Err(stopped(name, &error, at)),
        }
    }

    /// Delivers events again that were passed.
    #[activity(definition = RedeliverEvents)]
    pub async fn redeliver_events(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: EventsToRedeliver,
    ) -> Result<Redelivered, ActivityError> {
        let EventsToRedeliver { follow, redeliver: asked } = input;
        let subscribed = self.subscribed(&follow.name)?;
        tracing::info!(subscription = follow.name, positions = ?asked.positions, "redelivering");
        let (_progress, seen) = watch::channel(Progress { at: follow.from.clone(), ..Progress::default() });
        let mut beside = JoinSet::new();
        beside.spawn(heartbeat(ctx.clone(), seen, AT_REST));
        let positions = asked.positions.clone();
        let give_up_after = subscribed.pace.give_up_after;
        let terms = Terms { give_up_after, continues: follow.continues, redeliver: Some(asked), ..Terms::default() };
        let redelivered = redeliver(&subscribed.source, &follow.from, &positions, subscribed.handler.as_ref(), terms);
        let fault = |why: String| ActivityError::application(ApplicationFailure::new(why));
        tokio::select! {
            outcome = redelivered => outcome.map_err(|error| fault(error_chain(&error))),
            () = self.told_to_stop(&ctx) => Err(fault("the worker ends; another one goes on".to_owned())),
        }
    }

    /// Finds where a subscription begins.
    #[activity(definition = FindStart)]
    pub async fn find_start(self: Arc<Self>, _ctx: ActivityContext, follow: Follow) -> Result<Position, ActivityError> {
        match follow.start_from.unwrap_or_default() {
            StartFrom::Origin => Ok(0),
            StartFrom::Position(position) => Ok(position.max(0)),
            StartFrom::Current => {
                let head = self.subscribed(&follow.name)?.source.head().await;
                head.map_err(|error| ActivityError::application(ApplicationFailure::new(error_chain(&error))))
            }
        }
    }
}

impl Subscriptions {
    async fn told_to_stop(&self, ctx: &ActivityContext) {
        tokio::select! {
            () = self.stop.cancelled() => (),
            () = ctx.cancelled() => (),
        }
    }

    fn subscribed(&self, name: &str) -> Result<&Subscribed, ActivityError> {
        let unknown = || ApplicationFailure::new(format!("this worker has no subscription {name}"));
        self.subscribed.get(name).ok_or_else(|| ActivityError::application(unknown()))
    }
}

/// Returns the place of the last attempt, if it reported one.
fn resume_at(ctx: &ActivityContext, from: FeedPosition) -> FeedPosition {
    match ctx.heartbeat_details().deserialize::<Progress>() {
        Ok(progress) => progress.map_or(from, |progress| progress.at),
        Err(error) => {
            tracing::warn!(%error, "the last attempt's position cannot be read; beginning where the turn began");
            from
        }
    }
}

/// Tells the workflow which instances have not been delivered to for a while, and when that changes.
async fn tell_retrying(ctx: ActivityContext, progress: watch::Receiver<Progress>) {
    let Some(workflow_id) = ctx.info().workflow_id.clone() else { return };
    let workflows = Workflows::new(ctx.client());
    let mut told = Vec::new();
    let mut ticks = interval(TELL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut instances = progress.borrow().retrying.clone();
        instances.retain(|retrying| Utc::now() - retrying.since >= WORTH_TELLING);
        let ids: Vec<_> = instances.iter().map(|retrying| retrying.id.clone()).collect();
        if ids == told {
            continue;
        }
        match workflows.signal(&workflow_id, "retrying", &json!({"instances": instances})).await {
            Ok(()) => told = ids,
            Err(error) => tracing::debug!(%error, "the workflow cannot be told what is retried"),
        }
    }
}

/// Ends the activity for good, with its position as details: an operator has to decide how to continue.
fn stopped(name: &str, error: &Stopped, at: FeedPosition) -> ActivityError {
    // A process manager's own error may have any length.
    let why = cut(error_chain(error));
    let kind = match error {
        Stopped::Log(FeedError::OtherLog { .. }) => OTHER_LOG,
        Stopped::Log(_) => "LogChanged",
        Stopped::Handler(_) => "EventNotRouted",
    };
    tracing::error!(subscription = name, "the subscription is stopped: {why}; see its workflow for what to do");
    let failure = ApplicationFailure::builder(why).type_name(kind.to_owned()).non_retryable(true);
    ActivityError::application(failure.details(at).build())
}
