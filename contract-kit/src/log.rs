//! The rules of the log: `after`, `limit`, `wait`, and positions that stay during many writes.

use std::time::{Duration, Instant};

use futures::future::join_all;
use process_manager_wire::Position;

use crate::{
    http::{Http, Reply, Request, Stop},
    keys::Sample,
    page::{Entry, PAGE},
    rules::{AFTER, APPEND_ONLY, CLOUD_EVENTS, LIMIT, POSITIONS, WAIT},
    session::{Sent, Session},
};

/// Number of simultaneous commands.
const WRITERS: u32 = 12;
/// Far beyond the end of any log.
const NOWHERE: Position = 1_000_000_000_000_000;
/// Attempts to see an event arrive while a reader waits for it.
const ATTEMPTS: u32 = 3;
/// A `wait` that no event ends, in seconds.
const SHORT_WAIT: u64 = 1;
/// The reader probably waits by then. If not, its answer proves less.
const HEAD_START: Duration = Duration::from_millis(200);
/// A `wait` that an event ends, in seconds.
const LONG_WAIT: u64 = 10;

pub(crate) async fn check(session: &mut Session) -> Result<(), Stop> {
    let first = session.page(0, 1).await?.first().map_or(0, |entry| entry.position);
    after_is_exclusive(session, first).await?;
    limit_is_kept(session).await?;
    positions_stay(session).await?;
    waiting_without_an_event(session).await?;
    waiting_for_an_event(session).await
}

/// Checks `after`. `first` is the position of the log's first event.
async fn after_is_exclusive(session: &mut Session, first: Position) -> Result<(), Stop> {
    let request = session.http.get("/events?limit=1");
    let reply = session.http.send(&request).await?;
    let default = session.read_page(&request, &reply, 0, 1)?;
    let came = default.first().map_or(0, |entry| entry.position);
    if came == first {
        session.verdicts.kept(AFTER);
    } else {
        session.broken(AFTER, &request, &format!("the log's first event, at {first}"), &format!("position {came}"));
    }
    // This reports each event that is not after the position.
    session.page(first, PAGE).await?;
    Ok(())
}

async fn limit_is_kept(session: &mut Session) -> Result<(), Stop> {
    // Each of these reports an answer with more events.
    session.page(session.start, 1).await?;
    session.page(session.start, 2).await?;
    session.page(session.start, 1000).await?;
    let request = session.http.get(&format!("/events?after={}", session.start));
    let reply = session.http.send(&request).await?;
    session.read_page(&request, &reply, session.start, 100)?;
    session.verdicts.kept(LIMIT);
    Ok(())
}

/// Checks that the log, read during many simultaneous writes, is the same afterwards.
async fn positions_stay(session: &mut Session) -> Result<(), Stop> {
    let begin = session.read_from(session.start).await?.last().map_or(session.start, |entry| entry.position);
    let samples: Vec<Sample> = (0..WRITERS).map(|_| Sample::new(session)).collect();
    let prepared: Vec<Sent> = samples.iter().map(|sample| session.prepare(&sample.command)).collect();
    let requests: Vec<Request> = prepared.iter().map(|sent| sent.request.clone()).collect();
    let mut writers = tokio::spawn(write(session.http.clone(), requests));
    let mut read: Vec<Entry> = Vec::new();
    let replies = loop {
        let ended = tokio::select! {
            biased;
            ended = &mut writers => Some(ended),
            () = tokio::time::sleep(Duration::from_millis(2)) => None,
        };
        let at = read.last().map_or(begin, |entry| entry.position);
        let page = session.page(at, PAGE).await?;
        read.extend(page);
        if let Some(ended) = ended {
            break ended.map_err(|error| Stop(error.to_string()))?;
        }
    };
    let at = read.last().map_or(begin, |entry| entry.position);
    read.extend(session.read_from(at).await?);
    for ((sample, sent), reply) in samples.iter().zip(prepared).zip(replies) {
        let sent = Sent { reply: reply?, ..sent };
        session.check(APPEND_ONLY, &sent, sent.reply.is_success(), "a success");
        sample.expect(session, &sent);
    }
    compare(session, begin, &read).await
}

async fn write(http: Http, requests: Vec<Request>) -> Vec<Result<Reply, Stop>> {
    join_all(requests.iter().map(|request| http.send(request))).await
}

async fn compare(session: &mut Session, begin: Position, read: &[Entry]) -> Result<(), Stop> {
    let Some(last) = read.last().map(|entry| entry.position) else { return Ok(()) };
    let again = session.read_from(begin).await?;
    let again: Vec<&Entry> = again.iter().filter(|entry| entry.position <= last).collect();
    session.verdicts.kept(APPEND_ONLY);
    session.verdicts.kept(POSITIONS);
    session.verdicts.kept(CLOUD_EVENTS);
    if again.len() == read.len() && again.iter().zip(read).all(|(again, read)| *again == read) {
        return Ok(());
    }
    let request = session.http.get(&format!("/events?after={begin}&limit={PAGE}"));
    let expected = format!("the events that were read at first, at {}", positions(read.iter()));
    let came = format!("others, at {}", positions(again.into_iter()));
    session.broken(APPEND_ONLY, &request, &expected, &came);
    Ok(())
}

fn positions<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    entries.map(|entry| entry.position.to_string()).collect::<Vec<_>>().join(" ")
}

/// Returns whether there are no events. Events that are not after the position break another rule.
fn is_empty(reply: &Reply) -> bool {
    reply.body.as_array().is_some_and(Vec::is_empty)
}

/// Returns a little less time, because some clocks are coarse.
fn at_least(seconds: u64) -> Duration {
    Duration::from_secs(seconds).mul_f32(0.9)
}

async fn waiting_without_an_event(session: &mut Session) -> Result<(), Stop> {
    let request = session.http.get(&format!("/events?after={NOWHERE}&limit=1&wait={SHORT_WAIT}"));
    let begun = Instant::now();
    let reply = session.http.send(&request).await?;
    let took = begun.elapsed();
    session.read_page(&request, &reply, NOWHERE, 1)?;
    if is_empty(&reply) && took < at_least(SHORT_WAIT) {
        let expected = format!("an answer after {SHORT_WAIT} s, as there is no event");
        session.broken(WAIT, &request, &expected, &format!("one after {} ms", took.as_millis()));
    }
    Ok(())
}

async fn waiting_for_an_event(session: &mut Session) -> Result<(), Stop> {
    for _ in 0..ATTEMPTS {
        let at = session.read_from(session.start).await?.last().map_or(session.start, |entry| entry.position);
        let request = session.http.get(&format!("/events?after={at}&limit={PAGE}&wait={LONG_WAIT}"));
        let sample = Sample::new(session);
        let sent = session.prepare(&sample.command);
        let http = session.http.clone();
        let write = async {
            tokio::time::sleep(HEAD_START).await;
            let reply = http.send(&sent.request).await;
            (reply, Instant::now())
        };
        let read = async {
            let reply = http.send(&request).await;
            (reply, Instant::now())
        };
        let begun = Instant::now();
        let ((read, read_at), (written, written_at)) = tokio::join!(read, write);
        let sent = Sent { reply: written?, ..sent.clone() };
        sample.expect(session, &sent);
        if !sent.reply.is_success() {
            session.verdicts.skip(WAIT, "a command was not accepted");
            return Ok(());
        }
        let reply = read?;
        session.read_page(&request, &reply, at, PAGE)?;
        if !is_empty(&reply) {
            session.verdicts.kept(WAIT);
            return Ok(());
        }
        let took = read_at - begun;
        if written_at < read_at || took < at_least(LONG_WAIT) {
            let expected = format!("the event of a command that was sent meanwhile, or nothing for {LONG_WAIT} s");
            session.broken_by(
                WAIT,
                &[&sent.request, &request],
                &expected,
                &format!("[] after {} ms", took.as_millis()),
            );
            return Ok(());
        }
    }
    session.verdicts.skip(WAIT, &format!("commands take longer than {LONG_WAIT} s"));
    Ok(())
}
