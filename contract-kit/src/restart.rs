//! The rules that outlive a restart.

use std::time::Duration;

use crate::{
    http::Stop,
    keys::Sample,
    page::Entry,
    rules::{RESTART_KEYS, RESTART_LOG},
    session::{Sent, Session},
};

/// Attempts until the service answers again.
const MOST_ATTEMPTS: u32 = 240;
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) async fn check(session: &mut Session) -> Result<(), Stop> {
    is_back(session).await?;
    keys(session).await?;
    log(session).await
}

async fn is_back(session: &Session) -> Result<(), Stop> {
    let request = session.http.get("/events?limit=1");
    for _ in 0..MOST_ATTEMPTS {
        if session.http.once(&request).await.is_ok_and(|reply| reply.status == 200) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Stop(format!("since the restart there is no answer to {}", request.curl())))
}

async fn keys(session: &mut Session) -> Result<(), Stop> {
    for sent in session.replays.clone() {
        let reply = session.http.send(&sent.request).await?;
        let expected = format!("the answer from before the restart, {}", sent.reply.shown());
        let is_same = reply.status == sent.reply.status && reply.body == sent.reply.body;
        session.check(RESTART_KEYS, &Sent { reply, ..sent }, is_same, &expected);
    }
    Ok(())
}

async fn log(session: &mut Session) -> Result<(), Stop> {
    let request = session.http.get(&format!("/events?after={}", session.start));
    let again = session.read_from(session.start).await?;
    let before = session.story.clone();
    let mut pairs = before.iter().zip(again.iter().map(|entry| Some(&entry.event)).chain(std::iter::repeat(None)));
    let differs = pairs.find(|(before, again)| Some(*before) != *again);
    if let Some((before, again)) = differs {
        let came = again.map_or_else(|| "no event".to_owned(), ToString::to_string);
        session.broken(RESTART_LOG, &request, &format!("the event from before the restart, {before}"), &came);
        return Ok(());
    }
    let last = again.get(before.len() - 1).map_or(0, |entry| entry.position);
    let sample = Sample::new(session);
    let sent = session.send(&sample.command).await?;
    let subject = sample.subject_of(&sent);
    let new = session.read_from(last).await?;
    let is_there = |entry: &Entry| entry.text("subject") == subject;
    let holds = sent.reply.is_success() && new.iter().any(is_there);
    session.check(RESTART_LOG, &sent, holds, &format!("a success, and its event after position {last}"));
    Ok(())
}
