//! The activity behind a subscription, and the subscriptions that a worker hosts.

#![expect(dead_code, unreachable_pub, reason = "the macro makes public items of the methods, which nobody calls")]

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use process_manager_engine::activities::{FindStart, Follow, FollowLog, Followed};
use process_manager_wire::{Position, error_chain};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    EventHandler, Pace,
    turn::{Progress, Stopped, Turn, turn},
};
use process_manager::manager::StartFrom;
use process_manager_client::feed::{EventSource, FeedPosition, FeedReader, SharedSource};

/// The SDK sends no more of them than the worker's options allow.
const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);

struct Subscribed {
    source: SharedSource,
    handler: Arc<dyn EventHandler>,
    pace: Pace,
}

/// The subscriptions that a worker hosts, by name. To be registered with the worker's activities.
pub struct Subscriptions {
    subscribed: HashMap<String, Subscribed>,
    stop: CancellationToken,
}

impl Subscriptions {
    /// None yet. Once `stop` is cancelled, those that run return their position, for another worker to continue from.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { subscribed: HashMap::new(), stop }
    }

    /// Adds one.
    pub(crate) fn add(&mut self, name: String, source: SharedSource, handler: Arc<dyn EventHandler>, pace: Pace) {
        self.subscribed.insert(name, Subscribed { source, handler, pace });
    }
}

#[activities]
impl Subscriptions {
    /// Follows a log for one turn and returns where it stands then.
    #[activity(definition = FollowLog)]
    pub async fn follow_log(self: Arc<Self>, ctx: ActivityContext, follow: Follow) -> Result<Followed, ActivityError> {
        let name = follow.name.as_str();
        let subscribed = self.subscribed(name)?;
        let from = resume_at(&ctx, follow.from.clone());
        // The count is that of the event at which the turn began.
        let attempt = if from == follow.from { follow.attempt } else { 0 };
        tracing::info!(subscription = name, position = from.position, "following the log");
        let (progress, seen) = watch::channel(Progress { at: from.clone(), behind_seconds: 0 });
        let mut reader = FeedReader::new(subscribed.source.clone(), from);
        let stop = async {
            tokio::select! {
                () = self.stop.cancelled() => (),
                () = ctx.cancelled() => (),
                never = heartbeat(&ctx, seen.clone()) => match never {},
            }
        };
        let handler = subscribed.handler.as_ref();
        let outcome = turn(name, &mut reader, attempt, handler, subscribed.pace, &progress, stop).await;
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
    fn subscribed(&self, name: &str) -> Result<&Subscribed, ActivityError> {
        let unknown = || ApplicationFailure::new(format!("this worker has no subscription {name}"));
        self.subscribed.get(name).ok_or_else(|| ActivityError::application(unknown()))
    }
}

/// Where the last attempt was, if there was one that said so.
fn resume_at(ctx: &ActivityContext, from: FeedPosition) -> FeedPosition {
    match ctx.heartbeat_details().deserialize::<Progress>() {
        Ok(progress) => progress.map_or(from, |progress| progress.at),
        Err(error) => {
            tracing::warn!(%error, "the last attempt's position cannot be read; beginning where the turn began");
            from
        }
    }
}

async fn heartbeat(ctx: &ActivityContext, progress: watch::Receiver<Progress>) -> Infallible {
    let mut ticks = interval(HEARTBEAT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let progress = progress.borrow().clone();
        if let Err(error) = ctx.record_heartbeat(progress).await {
            tracing::warn!(%error, "a heartbeat could not be sent");
        }
    }
}

/// Ends the activity for good, with its position as details: an operator has to decide how to continue.
fn stopped(name: &str, error: &Stopped, at: FeedPosition) -> ActivityError {
    let why = error_chain(error);
    let kind = match error {
        Stopped::Log(_) => "LogChanged",
        Stopped::Handler(_) => "EventNotRouted",
    };
    tracing::error!(subscription = name, "the subscription is stopped: {why}; see its workflow for what to do");
    let failure = ApplicationFailure::builder(why).type_name(kind.to_owned()).non_retryable(true);
    ActivityError::application(failure.details(at).build())
}
