//! Server-sent events: they tell a page that its content has changed, and the page requests itself again.
//!
//! Each page has one poller, however many browsers show it; it ends with the last of them.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt, future::BoxFuture, stream};
use service_kit::Params;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{page::LivePage, sources::Sources};

/// Between two looks at one thing.
const EVERY: Duration = Duration::from_millis(300);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Most pages that listen at once; others are told to retry.
const MOST_LISTENERS: usize = 1_000;

/// A page that is looked at, whichever it is.
trait Watched: Send + Sync {
    fn topic(&self) -> String;
    fn look<'a>(&'a self, sources: &'a Sources) -> BoxFuture<'a, u64>;
}

impl<P: LivePage> Watched for P {
    fn topic(&self) -> String {
        LivePage::topic(self)
    }

    fn look<'a>(&'a self, sources: &'a Sources) -> BoxFuture<'a, u64> {
        Box::pin(async move { P::fingerprint(&self.load(sources).await) })
    }
}

/// Tells its listeners the fingerprint of what there is; `None` until it has looked.
type Poller = Arc<watch::Sender<Option<u64>>>;

/// The pollers that run.
#[derive(Clone)]
pub(crate) struct Live {
    pollers: Arc<Mutex<HashMap<String, Poller>>>,
    listeners: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        Self { pollers: Arc::default(), listeners: Arc::new(Semaphore::new(MOST_LISTENERS)) }
    }
}

impl Live {
    /// Answers with the events of a page: `changed`, each time that what the page has seen is not what there is.
    pub(crate) fn events(&self, sources: Sources, page: impl LivePage, params: &Params) -> Response {
        let Ok(permit) = self.listeners.clone().try_acquire_owned() else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        let seen = params.text("seen").ok().flatten().and_then(|seen| seen.parse().ok());
        let shutdown = sources.shutdown.clone();
        let changes = changes(self.subscribe(sources, Arc::new(page)), seen, permit);
        let changes = changes.take_until(shutdown.cancelled_owned());
        Sse::new(changes).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
    }

    fn subscribe(&self, sources: Sources, page: Arc<dyn Watched>) -> watch::Receiver<Option<u64>> {
        let topic = page.topic();
        let mut pollers = self.pollers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(poller) = pollers.get(&topic) {
            return poller.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        pollers.insert(topic.clone(), sender.clone());
        tokio::spawn(self.clone().poll(sources, page, topic, sender));
        receiver
    }

    async fn poll(self, sources: Sources, page: Arc<dyn Watched>, topic: String, sender: Poller) {
        while !sources.shutdown.is_cancelled() {
            let seen = Some(page.look(&sources).await);
            sender.send_if_modified(|known| std::mem::replace(known, seen) != seen);
            tokio::time::sleep(EVERY).await;
            let mut pollers = self.pollers.lock().unwrap_or_else(PoisonError::into_inner);
            if sender.receiver_count() == 0 {
                pollers.remove(&topic);
                return;
            }
        }
    }
}

fn changes(
    receiver: watch::Receiver<Option<u64>>,
    seen: Option<u64>,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((receiver, seen, permit), |(mut receiver, seen, permit)| async move {
        let now = receiver.wait_for(|now| now.is_some() && *now != seen).await.ok().and_then(|now| *now)?;
        let event = Event::default().event("changed").data(now.to_string());
        Some((Ok(event), (receiver, Some(now), permit)))
    })
}
