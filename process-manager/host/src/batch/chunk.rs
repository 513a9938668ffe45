//! One chunk of a batch, separate from Temporal: reads items, sends a limited number of commands at once, and reports
//! its progress.

use std::{future::pending, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use metrics::counter;
use process_manager::{
    batch::{Advance, Batch, Chunk, FAILURE_BYTES, FAILURE_DETAIL_CHARS, FAILURES_OF_PAGE, FailedItem, PageAt},
    limits::cut_to,
};
use process_manager_client::Backoff;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    ItemPage, ItemSource,
    pace::Pace,
    pages::{Pages, Unusable},
    send::{Answer, Sending},
};
use crate::Dispatcher;

/// A chunk ends once it has lasted this long and has begun [`ENOUGH_ITEMS`], so that its workflow gets the result. Each
/// chunk costs the server about seven events.
const ENOUGH_TIME: Duration = Duration::from_secs(10);
const ENOUGH_ITEMS: usize = 100;
/// A chunk ends once it has lasted this long.
const LONGEST: Duration = Duration::from_secs(120);
/// How often it records its progress: doing so for each item would cost more than the items.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The time limit of one attempt to read a page.
const READ: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs a chunk from where an earlier attempt got to, until it has done enough or `stop` is cancelled. Commands in
/// flight finish first.
///
/// # Errors
/// The batch's input, or a failed item, cannot be read.
pub(super) async fn run<B, S, D>(
    (source, dispatcher): (&S, &D),
    chunk: &Chunk,
    before: Advance,
    told: &watch::Sender<Advance>,
    stop: &CancellationToken,
) -> Result<Advance, Unusable>
where
    B: Batch,
    S: ItemSource<B>,
    D: Dispatcher<B::Command>,
{
    let input: B::Input = serde_json::from_value(chunk.input.clone())
        .map_err(|error| Unusable(format!("the batch's input cannot be read: {error}")))?;
    let (fault, ends) = (watch::Sender::new(None), stop.child_token());
    let sending = Sending::<B, D> { dispatcher, chunk, input: &input, fault: &fault, ends: &ends };
    let mut work = Work::<B>::new(chunk, before)?;
    let (mut flying, mut reading) = (FuturesUnordered::new(), None);
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if work.is_enough() {
            ends.cancel();
        }
        let goes_on = !ends.is_cancelled();
        while goes_on && let Some((id, item)) = work.take(flying.len()) {
            flying.push(sending.send(id, item));
        }
        if goes_on
            && reading.is_none()
            && let Some(at) = work.pages.wanted(work.in_flight)
        {
            reading = Some(read::<B, S>(source, &input, at.clone(), &fault).boxed());
        }
        if flying.is_empty() && (!goes_on || work.pages.are_done()) {
            return Ok(work.done_so_far(0, false, &fault));
        }
        tokio::select! {
            Some((id, answer)) = flying.next() => {
                fault.send_replace(None);
                work.answered(id, answer);
            }
            page = next(&mut reading), if goes_on => {
                reading = None;
                fault.send_replace(None);
                if let Err(Unusable(why)) = work.pages.add(page) {
                    work.done.unusable = Some(why);
                    ends.cancel();
                }
            }
            () = work.pace.ready(), if goes_on && work.waits_for_its_pace(flying.len()) => (),
            () = ends.cancelled(), if goes_on => (),
            _ = ticks.tick() => { told.send_replace(work.done_so_far(flying.len(), !goes_on, &fault)); }
        }
    }
}

/// Returns the page that is being read, if one is.
async fn next<T>(reading: &mut Option<BoxFuture<'_, ItemPage<T>>>) -> ItemPage<T> {
    match reading {
        Some(reading) => reading.await,
        None => pending().await,
    }
}

/// Reads a page, however long it takes.
async fn read<B: Batch, S: ItemSource<B>>(
    source: &S,
    input: &B::Input,
    at: PageAt,
    fault: &watch::Sender<Option<String>>,
) -> ItemPage<B::Item> {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let why = match timeout(READ, source.page(input, at.cursor.as_deref())).await {
            Ok(Ok(page)) => return page,
            Ok(Err(error)) => process_manager_wire::error_chain(error.as_ref()),
            Err(_) => format!("no answer within {} s", READ.as_secs()),
        };
        fault.send_replace(Some(cut_to(format!("the items cannot be read: {why}"), FAILURE_DETAIL_CHARS)));
        backoff.wait().await;
    }
}

struct Work<B: Batch> {
    pages: Pages<B>,
    pace: Pace,
    done: Advance,
    in_flight: usize,
    failed_bytes: usize,
    may_fail: u64,
    begun: Instant,
    taken: usize,
}

impl<B: Batch> Work<B> {
    fn new(chunk: &Chunk, before: Advance) -> Result<Self, Unusable> {
        let failed_bytes = before.failed.iter().map(bytes_of).sum();
        Ok(Self {
            pages: Pages::new(chunk.items.clone())?,
            pace: Pace::new(chunk.limits.per_second),
            done: before,
            in_flight: usize::try_from(chunk.limits.in_flight).unwrap_or(usize::MAX),
            failed_bytes,
            may_fail: chunk.may_fail,
            begun: Instant::now(),
            taken: 0,
        })
    }

    /// Takes the next item, if it is time for it.
    fn take(&mut self, in_flight: usize) -> Option<(String, B::Item)> {
        let item = self.pages.take_if(in_flight < self.in_flight && self.pace.is_ready())?;
        self.pace.begins();
        self.taken += 1;
        Some(item)
    }

    fn waits_for_its_pace(&self, in_flight: usize) -> bool {
        in_flight < self.in_flight && self.pages.has_items()
    }

    fn answered(&mut self, id: String, answer: Answer) {
        let outcome = match answer {
            Answer::None => return,
            Answer::Accepted => {
                self.done.accepted += 1;
                "accepted"
            }
            Answer::Settled => {
                self.done.settled += 1;
                "settled"
            }
            Answer::Failed(item) => {
                self.failed_bytes += bytes_of(&item);
                self.done.failed.push(item);
                "failed"
            }
        };
        counter!("batch_items_total", "batch" => B::NAME, "outcome" => outcome).increment(1);
        self.pages.answered(id);
    }

    /// Returns whether the workflow should get the result before more is begun.
    fn is_enough(&self) -> bool {
        let (failed, time) = (self.done.failed.len(), self.begun.elapsed());
        failed as u64 > self.may_fail
            || failed >= FAILURES_OF_PAGE
            || self.failed_bytes >= FAILURE_BYTES
            || time >= LONGEST
            || time >= ENOUGH_TIME && self.taken >= ENOUGH_ITEMS
    }

    /// Records the chunk's progress.
    fn done_so_far(&mut self, in_flight: usize, is_draining: bool, fault: &watch::Sender<Option<String>>) -> Advance {
        self.done.place = self.pages.place();
        self.done.is_end = self.pages.are_done();
        self.done.begun = self.pages.begun().or_else(|| self.done.begun.take());
        self.done.total = self.pages.total().or(self.done.total);
        self.done.in_flight = u32::try_from(in_flight).unwrap_or(u32::MAX);
        self.done.fault.clone_from(&fault.borrow());
        self.done.is_draining = is_draining;
        self.done.clone()
    }
}

fn bytes_of(item: &FailedItem) -> usize {
    serde_json::to_string(item).map_or(0, |text| text.len())
}
