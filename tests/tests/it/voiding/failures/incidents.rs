//! Faults: a stalled command shows as an incident, which clears when the command succeeds.

use futures::future::join_all;
use messages::{DocumentId, PROBLEM_MEDIA_TYPE, voiding::VoidingState};
use tests::voiding::{COMPLETE, MARK, VOIDED, assert_one_key};
use tests::{Env, Fault, Link, binaries, calls::Voiding, eventually, sample, workflow_id};

/// Number of seconds after which a command is stalled.
const STALLED_AFTER: i64 = 10;

/// Returns every fault: whatever is neither a success nor a refusal.
fn faults() -> Vec<(&'static str, Fault)> {
    let answer = |status, content_type: &str, body: &str| Fault::Answer {
        status,
        content_type: content_type.to_owned(),
        body: body.to_owned(),
    };
    vec![
        ("a bare 500", Fault::status(500)),
        ("a 500 with a code", Fault::problem(500, "internal")),
        ("a 503 with a code", Fault::problem(503, "not-ready")),
        ("a 400 with a code", Fault::problem(400, "unreadable-body")),
        ("no answer", Fault::Hang),
        ("a connection that is reset after the commit", Fault::LoseAnswer),
        ("a bare 404", Fault::status(404)),
        ("a bare 409", Fault::status(409)),
        ("a bare 422", Fault::status(422)),
        ("a missing route", Fault::problem(404, "not-found")),
        ("a problem without a code", answer(409, PROBLEM_MEDIA_TYPE, r#"{"title": "no", "status": 409}"#)),
        ("a problem with an empty code", Fault::problem(404, "")),
        ("a redirect", answer(307, "text/plain", "")),
        ("a 200 without a body", answer(200, "application/json", "")),
        ("a 200 that is no JSON", answer(200, "text/html", "<html>welcome</html>")),
        ("a 200 of another shape", answer(200, "application/json", r#"{"document_id": 1}"#)),
    ]
}

struct Step {
    link: Link,
    prefix: &'static str,
    command: &'static str,
    state: VoidingState,
}

#[tokio::test]
async fn each_fault_of_reports_shows_as_an_incident_and_then_the_process_completes_by_itself() {
    survives(Step {
        link: Link::WorkerToReports,
        prefix: MARK,
        command: "MarkDocumentAsVoided",
        state: VoidingState::VoidingRequested,
    })
    .await;
}

#[tokio::test]
async fn each_fault_of_billing_shows_as_an_incident_and_then_the_process_completes_by_itself() {
    survives(Step {
        link: Link::WorkerToBilling,
        prefix: COMPLETE,
        command: "CompleteDocumentVoiding",
        state: VoidingState::MarkingDocumentAsVoidedSucceeded,
    })
    .await;
}

/// Checks each kind of fault with its own document; all of them run at the same time.
async fn survives(step: Step) {
    let env = &Env::builder(binaries!()).start().await;
    let voidings = faults().into_iter().map(async |(name, fault)| {
        let id = env.issue(&sample::invoice(&sample::customer_id())).await.document_id;
        env.proxy(step.link).about(&id).fault(step.prefix, fault);
        let _ = env.api().post_voiding_until_answered(&id).await.ok_as(202);
        (name, id)
    });
    let voidings = join_all(voidings).await;
    // One after the other: the incidents appear at the same time, and asking for all of them at once is work for the
    // machine.
    for (name, id) in &voidings {
        shows_an_incident(env, id, &step, name).await;
    }
    listed_with_incident(env, voidings.len()).await;
    for (name, id) in &voidings {
        eventually(name, async || {
            let attempts = env.commands(step.link, id, step.prefix).len();
            if attempts > 1 { Ok(()) } else { Err(attempts) }
        })
        .await;
    }
    env.proxy(step.link).heal();
    for (name, id) in &voidings {
        completes(env, id, &step, name).await;
    }
    listed_with_incident(env, 0).await;
    env.assert_consistent().await;
}

async fn shows_an_incident(env: &Env, id: &DocumentId, step: &Step, name: &str) {
    let voiding = env.until(id, name, |voiding| voiding.incident.is_some()).await;
    let incident = voiding.incident.clone().unwrap();
    assert_eq!((incident.command.as_str(), incident.code), (step.command, None), "{name}");
    assert_eq!((voiding.state, &voiding.failure), (step.state, &None), "{name}");
    let waited = incident.since - voiding.steps.last().unwrap().at;
    assert!(waited.num_seconds() >= STALLED_AFTER, "{name}: after {waited}");
    assert_eq!(env.acknowledge(id).await.refusal(), (409, "no-failure-to-acknowledge".to_owned()), "{name}");
    assert_eq!(env.api().retry(id).await.refusal(), (409, "nothing-to-retry".to_owned()), "{name}");
    // Sent directly to the workflow, past the api: this changes nothing either.
    env.signal_voiding(id, "acknowledge_failure", None).await;
    env.signal_voiding(id, "retry", None).await;
    // A query is answered after the signals before it.
    let after = env.temporal().query_state(id).await.unwrap();
    assert_eq!((after.incident, after.acknowledgement, after.state), (voiding.incident, None, step.state), "{name}");
}

async fn completes(env: &Env, id: &DocumentId, step: &Step, name: &str) {
    let Voiding { incident, acknowledgement, .. } = env.in_state(id, VoidingState::DocumentVoided).await;
    assert_eq!((incident, acknowledgement), (None, None), "{name}");
    let attempts = env.commands(step.link, id, step.prefix);
    assert!(attempts.len() > 2, "{name}");
    assert_one_key(&attempts, step.command);
    assert_eq!(env.events(id).await, VOIDED, "{name}");
}

/// Checks the search attribute, which operators search by, and that the api's list agrees (V5).
async fn listed_with_incident(env: &Env, expected: usize) {
    eventually(&format!("{expected} voidings with an incident"), async || {
        let found = env.temporal().list("Incident = true").await.len();
        let listed = env.api().voidings("?incident=true&limit=200").await.ok().items.len();
        if (found, listed) == (expected, expected) { Ok(()) } else { Err((found, listed)) }
    })
    .await;
}

#[tokio::test]
async fn a_fault_that_passes_soon_never_shows_as_an_incident() {
    let env = Env::builder(binaries!()).start().await;
    // On a busy machine a fault may last longer than expected: then another document is voided.
    let id = &eventually("the faults of a voiding pass soon", async || {
        let id = env.issue_reported().await.document_id;
        for (link, prefix) in [(Link::WorkerToReports, MARK), (Link::WorkerToBilling, COMPLETE)] {
            env.proxy(link).about(&id).fault_times(2, prefix, Fault::status(500));
            env.proxy(link).about(&id).fault_times(1, prefix, Fault::LoseAnswer);
        }
        let voiding = env.api().post_voiding_to_its_end(&id).await.ok_as(200);
        assert_eq!((voiding.state, &voiding.incident), (VoidingState::DocumentVoided, &None));
        let longest = voiding.steps.windows(2).map(|pair| pair[1].at - pair[0].at).max().unwrap();
        if longest.num_seconds() < STALLED_AFTER { Ok(id) } else { Err(longest) }
    })
    .await;
    let history = env.temporal().history(id).await;
    let attributes = history.iter().map(|event| format!("{:?}", event.attributes));
    let incidents = attributes.filter(|text| text.contains("has not succeeded"));
    assert_eq!(incidents.count(), 0, "{}", workflow_id(id));
    assert_eq!(env.commands(Link::WorkerToReports, id, MARK).len(), 4);
    assert_eq!(env.commands(Link::WorkerToBilling, id, COMPLETE).len(), 4);
    assert_eq!(env.events(id).await, VOIDED);
    env.assert_consistent().await;
}
