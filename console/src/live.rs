//! Server-sent events: they notify a page that its content has changed, and the page requests itself again.
//!
//! Each page has one poller, however many browsers show it; the poller ends with the last of them. One stream may serve
//! several pages, because a browser opens only few connections to one server.

use std::{
    collections::{BTreeSet, HashMap},
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
/// Maximum number of concurrent streams; further ones are told to retry.
const MOST_STREAMS: usize = 1_000;
/// Maximum number of pages that are watched, whatever the number of streams. A stream that exceeds it is told to retry.
const MOST_PAGES: usize = 256;
/// Number of pages that are looked at in the same moment; the others wait for their turn.
const LOOKS_AT_ONCE: usize = 16;
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// A page that is watched, of any kind.
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

/// A page whose changes a stream reports, and what the browser has of it.
pub(crate) struct Follow {
    pub(crate) page: Arc<dyn Watched>,
    pub(crate) seen: Option<u64>,
    /// Its number among the stream's pages; `None` if it is the only one.
    pub(crate) number: Option<usize>,
}

/// Gives its listeners the fingerprint of the current content; `None` before the first look.
type Poller = Arc<watch::Sender<Option<u64>>>;

/// The running pollers.
#[derive(Clone)]
pub(crate) struct Live {
    pollers: Arc<Mutex<HashMap<String, Poller>>>,
    streams: Arc<Semaphore>,
    looks: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        let (streams, looks) = (Semaphore::new(MOST_STREAMS), Semaphore::new(LOOKS_AT_ONCE));
        Self { pollers: Arc::default(), streams: Arc::new(streams), looks: Arc::new(looks) }
    }
}

impl Live {
    /// Answers with the events of pages: `changed`, whenever the current content differs from what the page has seen.
    pub(crate) fn events(&self, sources: &Sources, pages: Vec<Follow>) -> Response {
        let Ok(permit) = self.streams.clone().try_acquire_owned() else {
            return too_many(&format!("{MOST_STREAMS} event streams are open")).into_response();
        };
        let Some(receivers) = self.subscribe(sources, &pages) else {
            return too_many(&format!("{MOST_PAGES} pages are being followed")).into_response();
        };
        let permit = Arc::new(permit);
        let changes = pages
            .into_iter()
            .zip(receivers)
            .map(|(follow, receiver)| changes(receiver, follow.seen, follow.number, permit.clone()).boxed());
        let changes = stream::select_all(changes).take_until(sources.shutdown.clone().cancelled_owned());
        Sse::new(changes).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
    }

    /// Subscribes to the pollers of these pages; `None` if that would be too many.
    fn subscribe(&self, sources: &Sources, pages: &[Follow]) -> Option<Vec<watch::Receiver<Option<u64>>>> {
        let mut pollers = self.pollers.lock().unwrap_or_else(PoisonError::into_inner);
        // A poller without listeners no longer looks.
        let of_others =
            pollers.iter().filter(|(_, poller)| poller.receiver_count() > 0).map(|(topic, _)| topic.clone());
        let followed: BTreeSet<_> = of_others.chain(pages.iter().map(|follow| follow.page.topic())).collect();
        if followed.len() > MOST_PAGES {
            return None;
        }
        let receivers = pages.iter().map(|follow| {
            let topic = follow.page.topic();
            if let Some(poller) = pollers.get(&topic) {
                return poller.subscribe();
            }
            let (sender, receiver) = watch::channel(None);
            let sender = Arc::new(sender);
            pollers.insert(topic.clone(), sender.clone());
            tokio::spawn(self.clone().poll(sources.clone(), follow.page.clone(), topic, sender));
            receiver
        });
        Some(receivers.collect())
    }

    async fn poll(self, sources: Sources, page: Arc<dyn Watched>, topic: String, sender: Poller) {
        let mut pace = Pace::default();
        while !sources.shutdown.is_cancelled() {
            let place = self.looks.acquire().await;
            let begun = Instant::now();
            let seen = Some(page.look(&sources).await);
            drop(place);
            let has_changed = sender.send_if_modified(|known| std::mem::replace(known, seen) != seen);
            let pause = pace.pause(has_changed, begun.elapsed());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Changes follow an action; a look that takes long is not repeated for each.
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

fn too_many(why: &str) -> ApiError {
    let why = format!("{why}, which is as many as may be; the page updates when it is loaded again");
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
    use contracts_client::ContractsClient;
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

    /// Returns programs that are not there.
    fn sources() -> Sources {
        let nowhere = || "http://127.0.0.1:1".parse().unwrap();
        let client = || CommandClient::new(nowhere(), Timeouts::default()).unwrap();
        let temporal = LazyClient::connect(TemporalConfig::at(nowhere(), "default"));
        let voidings = VoidingClient::new(temporal.clone(), client());
        let operator = Operator::new(temporal);
        Sources {
            counter: Counter::new(voidings.clone(), operator.clone()),
            contracts: ContractsClient::new(&operator, client()),
            voidings,
            operator,
            reports: client(),
            numbers: Numbers::default(),
            temporal_ui_url: None,
            acted: Arc::default(),
            shutdown: CancellationToken::new(),
        }
    }

    /// A unique page; a look at it takes until the test ends it.
    struct Slow(usize, Arc<Looks>);

    #[derive(Default)]
    struct Looks {
        in_hand: AtomicUsize,
        most: AtomicUsize,
        done: AtomicUsize,
        may_end: CancellationToken,
    }

    impl Watched for Slow {
        fn topic(&self) -> String {
            format!("slow-{}", self.0)
        }

        fn look<'a>(&'a self, _: &'a Sources) -> BoxFuture<'a, u64> {
            Box::pin(async {
                let in_hand = self.1.in_hand.fetch_add(1, Ordering::SeqCst) + 1;
                self.1.most.fetch_max(in_hand, Ordering::SeqCst);
                self.1.may_end.cancelled().await;
                self.1.in_hand.fetch_sub(1, Ordering::SeqCst);
                self.1.done.fetch_add(1, Ordering::SeqCst);
                1
            })
        }
    }

    #[tokio::test]
    async fn so_many_pages_are_followed_and_one_more_is_told_to_come_back() {
        let (live, sources, looks) = (Live::default(), sources(), Arc::new(Looks::default()));
        let follow = |page| Follow { page: Arc::new(Slow(page, looks.clone())), seen: None, number: Some(page) };
        let open = |pages: std::ops::Range<usize>| live.events(&sources, pages.map(follow).collect());
        let mut streams: Vec<_> = (0..MOST_PAGES / 32).map(|stream| open(stream * 32..(stream + 1) * 32)).collect();
        // Any number of streams may follow the same pages.
        streams.extend((0..50).map(|_| open(0..32)));
        assert!(streams.iter().all(|stream| stream.status() == StatusCode::OK));
        let refused = open(MOST_PAGES - 1..MOST_PAGES + 1);
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "30");
        let body = axum::body::to_bytes(refused.into_body(), 10_000).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("256 pages are being followed"), "{body:?}");
        streams.remove(0);
        streams.drain(7..);
        assert_eq!(open(MOST_PAGES - 1..MOST_PAGES + 1).status(), StatusCode::OK, "nobody follows the first ones");
    }

    #[tokio::test]
    async fn so_many_pages_are_looked_at_in_one_moment_whatever_their_number() {
        let (live, sources, looks) = (Live::default(), sources(), Arc::new(Looks::default()));
        let follow = |page| Follow { page: Arc::new(Slow(page, looks.clone())), seen: None, number: Some(page) };
        let _stream = live.events(&sources, (0..100).map(follow).collect());
        // All pollers get their turn in this thread.
        let everybody_goes_on = async || {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
        };
        everybody_goes_on().await;
        assert_eq!(looks.in_hand.load(Ordering::SeqCst), 16);
        looks.may_end.cancel();
        everybody_goes_on().await;
        assert!(looks.done.load(Ordering::SeqCst) >= 100, "each page is looked at");
        assert_eq!(looks.most.load(Ordering::SeqCst), 16);
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
