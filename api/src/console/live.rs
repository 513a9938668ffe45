//! Server-sent events: a page is told that what it shows has changed, and asks for itself again.
//!
//! For everything that is looked at there is one poller, however many look at it; it ends with the last of them.

use std::{
    collections::HashMap,
    convert::Infallible,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt, stream};
use service_kit::Params;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::{Console, documents, instance, instances, managers, process};

/// Between two looks at one thing.
const EVERY: Duration = Duration::from_millis(300);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Most pages that listen at once; more are told to come again.
const MOST_LISTENERS: usize = 1_000;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// All processes, as their counts tell.
    Processes,
    /// One process.
    Process(messages::DocumentId),
    /// All instances of the process manager of this name.
    Instances(&'static str),
    /// One of them.
    Instance(&'static str, String),
    /// Reports and documents, of one customer or of all.
    Documents(documents::Selection),
}

/// Tells its listeners the fingerprint of what there is; `None` until it has looked.
type Poller = Arc<watch::Sender<Option<u64>>>;

/// The pollers that run.
#[derive(Clone)]
pub(super) struct Live {
    pollers: Arc<Mutex<HashMap<Topic, Poller>>>,
    listeners: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        Self { pollers: Arc::default(), listeners: Arc::new(Semaphore::new(MOST_LISTENERS)) }
    }
}

/// What tells one state of a thing from another.
pub(super) fn fingerprint(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

impl Console {
    async fn fingerprint_of(&self, topic: &Topic) -> u64 {
        match topic {
            Topic::Processes => fingerprint(&self.counter.counts().await),
            Topic::Process(document_id) => process::Model::load(self, document_id).await.fingerprint(),
            Topic::Instances(name) => match managers::named(name) {
                Some(manager) => {
                    let overview = instances::Overview::load(&self.app.temporal, manager).await;
                    fingerprint(&format!("{overview:?}"))
                }
                None => 0,
            },
            Topic::Instance(name, id) => match managers::named(name) {
                Some(manager) => instance::Model::load(self, manager, id).await.fingerprint(),
                None => 0,
            },
            Topic::Documents(selection) => documents::Model::load(self, selection).await.fingerprint(),
        }
    }

    fn subscribe(&self, topic: &Topic) -> watch::Receiver<Option<u64>> {
        let mut pollers = self.live.pollers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(poller) = pollers.get(topic) {
            return poller.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        pollers.insert(topic.clone(), sender.clone());
        tokio::spawn(self.clone().poll(topic.clone(), sender));
        receiver
    }

    async fn poll(self, topic: Topic, sender: Poller) {
        let pollers = self.live.pollers.clone();
        while !self.app.shutdown.is_cancelled() {
            let seen = Some(self.fingerprint_of(&topic).await);
            sender.send_if_modified(|known| std::mem::replace(known, seen) != seen);
            tokio::time::sleep(EVERY).await;
            let mut pollers = pollers.lock().unwrap_or_else(PoisonError::into_inner);
            if sender.receiver_count() == 0 {
                pollers.remove(&topic);
                return;
            }
        }
    }
}

/// `GET /console/events?on=processes|process|instances|instance|documents&seen=…`: `changed`, each time that what the page has seen is not
/// what there is.
pub(super) async fn events(State(console): State<Console>, params: Params) -> Response {
    let text = |name: &str| params.text(name).ok().flatten();
    let manager = || managers::named(text("manager")?);
    let topic = match text("on") {
        Some("processes") => Some(Topic::Processes),
        Some("process") => text("document_id").and_then(|id| id.parse().ok()).map(Topic::Process),
        Some("instances") => manager().map(|manager| Topic::Instances(manager.name)),
        Some("instance") => {
            let id = params.text("id").ok().flatten().map(str::to_owned);
            manager().zip(id).map(|(manager, id)| Topic::Instance(manager.name, id))
        }
        Some("documents") => Some(Topic::Documents(documents::Selection::read(&params))),
        _ => None,
    };
    let Some(topic) = topic else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(permit) = console.live.listeners.clone().try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let seen = text("seen").and_then(|seen| seen.parse().ok());
    let changes =
        changes(console.subscribe(&topic), seen, permit).take_until(console.app.shutdown.clone().cancelled_owned());
    Sse::new(changes).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
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
