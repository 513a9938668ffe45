//! `Prefer: wait`: how long a client is willing to wait for the outcome.

use std::time::{Duration, Instant};

use crate::start;
use messages::voiding::VoidingState::{DocumentVoided, VoidingRequested};
use tests::{Fault, Link, eventually};

/// The longest that a client may wait.
const LONGEST: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_client_that_waits_is_answered_at_the_end_or_after_its_time_and_others_at_once() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.proxy(Link::WorkerToReports).fault("/commands/mark-", Fault::status(500));
    for unreadable in ["wait=soon", "wait=-1", "wait", "respond-async", ";;,", "wait=1.5", "Wait", ""] {
        let begun = Instant::now();
        let answer = env.api().header("prefer", unreadable).post_voiding(&id).await;
        assert_eq!((answer.ok_as(202).state, answer.header("preference-applied")), (VoidingRequested, None));
        assert!(begun.elapsed() < LONGEST, "{unreadable} was waited for: {:?}", begun.elapsed());
    }
    for seconds in [0, 2] {
        let begun = Instant::now();
        let answer = env.api().post_voiding_and_wait(&id, seconds).await;
        assert_eq!(answer.ok_as(202).state, VoidingRequested);
        assert_eq!(answer.header("preference-applied"), Some(format!("wait={seconds}")));
        let least = Duration::from_secs(seconds.into());
        assert!((least..LONGEST).contains(&begun.elapsed()), "wait={seconds} took {:?}", begun.elapsed());
    }
    // The next attempt may come after the longest wait: then the client asks again, under its key.
    let api = env.api().key("patient").header("prefer", "return=minimal, wait=99");
    let outcome = eventually("the outcome", async || {
        let answer = api.post_voiding(&id).await;
        assert_eq!(answer.header("preference-applied").as_deref(), Some("wait=30"));
        if answer.answered(202) { Err(answer.to_string()) } else { Ok(answer) }
    });
    let healed = async {
        env.proxy(Link::WorkerToReports).await_requests(3, "/commands/mark-").await;
        env.proxy(Link::WorkerToReports).heal();
    };
    let (answer, ()) = tokio::join!(outcome, healed);
    assert_eq!(answer.ok_as(200).state, DocumentVoided);
    assert_eq!(answer.header("location"), Some(format!("/voidings/{id}")));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_client_that_repeats_its_key_is_answered_with_the_same_process_after_its_end() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let api = env.api().key("the-same");
    let first = api.post_voiding_to_its_end(&id).await.ok_as(200);
    let again = api.post_voiding_to_its_end(&id).await.ok_as(200);
    assert_eq!((first.state, &again.process_id, again.state), (DocumentVoided, &first.process_id, DocumentVoided));
    let other = env.issue_reported().await.document_id;
    assert_eq!(api.post_voiding(&other).await.refusal(), (422, "idempotency-key-reused".to_owned()));
    env.assert_consistent().await;
}
