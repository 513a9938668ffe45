//! Server-sent events: they tell a page that its content has changed, and the page requests itself again.
//!
//! Each page has one poller, however many browsers show it; it ends with the last of them. One stream may serve several
//! pages: a browser opens few connections to one server.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt, future::BoxFuture, stream};
use messages::code;
use service_kit::{ApiError, problem};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{
    pace::{LONGEST, Pace},
    page::LivePage,
    sources::Sources,
};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Most streams at once; others are told to retry.
const MOST_STREAMS: usize = 1_000;
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// A page that is looked at, whichever it is.
pub(crate) trait Watched: Send + Sync {
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

/// A page whose changes a stream tells, and what the browser has of it.
pub(crate) struct Follow {
    pub(crate) page: Arc<dyn Watched>,
    pub(crate) seen: Option<u64>,
    /// Its number among the stream's pages; `None` where it is the only one.
    pub(crate) number: Option<usize>,
}

/// Tells its listeners the fingerprint of what there is; `None` until it has looked.
type Poller = Arc<watch::Sender<Option<u64>>>;

/// The pollers that run.
#[derive(Clone)]
pub(crate) struct Live {
    pollers: Arc<Mutex<HashMap<String, Poller>>>,
    streams: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        Self { pollers: Arc::default(), streams: Arc::new(Semaphore::new(MOST_STREAMS)) }
    }
}

impl Live {
    /// Answers with the events of pages: `changed`, each time that what a page has seen is not what there is.
    pub(crate) fn events(&self, sources: &Sources, pages: Vec<Follow>) -> Response {
        let Ok(permit) = self.streams.clone().try_acquire_owned() else {
            return too_many().into_response();
        };
        let permit = Arc::new(permit);
        let changes = pages.into_iter().map(|follow| {
            let receiver = self.subscribe(sources.clone(), follow.page);
            changes(receiver, follow.seen, follow.number, permit.clone()).boxed()
        });
        let changes = stream::select_all(changes).take_until(sources.shutdown.clone().cancelled_owned());
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
        let mut pace = Pace::default();
        while !sources.shutdown.is_cancelled() {
            let begun = Instant::now();
            let seen = Some(page.look(&sources).await);
            let has_changed = sender.send_if_modified(|known| std::mem::replace(known, seen) != seen);
            let pause = pace.pause(has_changed, begun.elapsed());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // An action is followed by changes; a look that takes long is not repeated for each.
                () = sources.acted.notified(), if pause <= LONGEST => pace.wake(),
            }
            let mut pollers = self.pollers.lock().unwrap_or_else(PoisonError::into_inner);
            if sender.receiver_count() == 0 {
                pollers.remove(&topic);
                return;
            }
        }
    }
}

fn too_many() -> ApiError {
    let why = format!("{MOST_STREAMS} event streams are open; the page updates when it is loaded again");
    problem(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, why).retry_after(RETRY_AFTER)
}

fn changes(
    receiver: watch::Receiver<Option<u64>>,
    seen: Option<u64>,
    number: Option<usize>,
    permit: Arc<OwnedSemaphorePermit>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((receiver, seen, permit), move |(mut receiver, seen, permit)| async move {
        let now = receiver.wait_for(|now| now.is_some() && *now != seen).await.ok().and_then(|now| *now)?;
        let data = number.map_or_else(|| now.to_string(), |number| format!("{number} {now}"));
        let event = Event::default().event("changed").data(data);
        Some((Ok(event), (receiver, Some(now), permit)))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
    use process_manager_client::http::{CommandClient, Timeouts};
    use process_manager_host::{
        connect::{LazyClient, TemporalConfig},
        operator::Operator,
    };
    use tokio_util::sync::CancellationToken;
    use voiding_client::VoidingClient;

    use super::*;
    use crate::{counts::Counter, numbers::Numbers};

    struct Still;

    impl Watched for Still {
        fn topic(&self) -> String {
            "still".to_owned()
        }

        fn look<'a>(&'a self, _: &'a Sources) -> BoxFuture<'a, u64> {
            Box::pin(std::future::ready(1))
        }
    }

    /// Programs that are not there.
    fn sources() -> Sources {
        let nowhere = || "http://127.0.0.1:1".parse().unwrap();
        let client = || CommandClient::new(nowhere(), Timeouts::default()).unwrap();
        let temporal = LazyClient::connect(TemporalConfig::at(nowhere(), "default"));
        let voidings = VoidingClient::new(temporal.clone(), client());
        let operator = Operator::new(temporal);
        Sources {
            counter: Counter::new(voidings.clone(), operator.clone()),
            voidings,
            operator,
            reports: client(),
            numbers: Numbers::default(),
            temporal_ui_url: None,
            acted: Arc::default(),
            shutdown: CancellationToken::new(),
        }
    }

    #[tokio::test]
    async fn one_stream_too_many_is_told_to_come_back() {
        let (live, sources) = (Live::default(), sources());
        let all = u32::try_from(MOST_STREAMS - 1).unwrap();
        let _taken = live.streams.clone().try_acquire_many_owned(all).unwrap();
        let open = || live.events(&sources, vec![Follow { page: Arc::new(Still), seen: None, number: None }]);
        let last = open();
        assert_eq!(last.status(), StatusCode::OK);
        let answer = open();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[CONTENT_TYPE], messages::PROBLEM_MEDIA_TYPE);
        assert_eq!(answer.headers()[RETRY_AFTER], "30");
    }
}
