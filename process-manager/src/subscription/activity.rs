//! The activity behind a subscription, and the subscriptions that a worker hosts.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
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
    delivery::{Progress, turn},
};
use crate::{
    causes::with_causes,
    feed::{FeedClient, FeedError, FeedPosition, FeedReader},
};

/// The SDK sends no more of them than the worker's options allow.
const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);

/// What the activity follows, and from where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Follow {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) from: FeedPosition,
}

struct Subscribed {
    feed: FeedClient,
    handler: Arc<dyn EventHandler>,
    pace: Pace,
}

/// The subscriptions that a worker hosts, by name. To be registered with the worker's activities.
pub struct Subscriptions {
    subscribed: HashMap<String, Subscribed>,
    stop: CancellationToken,
}

impl Subscriptions {
    /// None yet. Once `stop` is cancelled, those that run return their position, for another worker to go on from.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { subscribed: HashMap::new(), stop }
    }

    /// Adds one.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        feed: FeedClient,
        handler: Arc<dyn EventHandler>,
        pace: Pace,
    ) -> Self {
        self.subscribed.insert(name.into(), Subscribed { feed, handler, pace });
        self
    }
}

#[activities]
impl Subscriptions {
    /// Follows a log for one turn and returns where it stands then.
    #[activity(name = "FollowLog")]
    pub async fn follow(self: Arc<Self>, ctx: ActivityContext, follow: Follow) -> Result<FeedPosition, ActivityError> {
        let name = follow.name.as_str();
        let Some(subscribed) = self.subscribed.get(name) else {
            let why = format!("this worker has no subscription {name}");
            return Err(ActivityError::application(ApplicationFailure::new(why)));
        };
        let from = resume_at(&ctx, follow.from.clone());
        tracing::info!(subscription = name, position = from.position, "following the log");
        let (progress, seen) = watch::channel(Progress { at: from.clone(), behind_seconds: 0 });
        let reader = FeedReader::new(subscribed.feed.clone(), from);
        let stop = async {
            tokio::select! {
                () = self.stop.cancelled() => (),
                () = ctx.cancelled() => (),
                never = heartbeat(&ctx, seen.clone()) => match never {},
            }
        };
        let outcome = turn(name, reader, subscribed.handler.as_ref(), subscribed.pace, &progress, stop).await;
        if ctx.is_cancelled() {
            return Err(ActivityError::cancelled());
        }
        let at = seen.borrow().at.clone();
        outcome.map(|()| at.clone()).map_err(|error| stopped(name, &error, at))
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

/// Ends the activity for good, with its position as details: a person has to decide how to go on.
fn stopped(name: &str, error: &FeedError, at: FeedPosition) -> ActivityError {
    let why = with_causes(error);
    tracing::error!(subscription = name, "the subscription is stopped: {why}; see its workflow for what to do");
    let failure = ApplicationFailure::builder(why).type_name("LogChanged".to_owned()).non_retryable(true);
    ActivityError::application(failure.details(at).build())
}
