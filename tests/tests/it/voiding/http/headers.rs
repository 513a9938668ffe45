//! The headers that each command carries.

use crate::start;
use messages::{
    ProcessId, headers,
    voiding::VoidingState::{DocumentVoided, FailureAcknowledged},
};
use tests::{Env, Link, Recorded};
use uuid::Uuid;

/// Returns the commands of this process that the worker has sent, by path.
fn commands(env: &Env, process: &ProcessId) -> Vec<Recorded> {
    let links = [Link::WorkerToBilling, Link::WorkerToReports];
    let sent = links.iter().flat_map(|link| env.proxy(*link).requests_to("/commands/"));
    sent.filter(|command| command.json()["process_id"] == process.as_str()).collect()
}

/// Checks that each carries its key, its correlation id and a trace context of the process. Returns each command's
/// name.
fn assert_headers(env: &Env, process: &ProcessId) -> Vec<String> {
    let key_of = |command: &Recorded| {
        let key = command.header(headers::IDEMPOTENCY_KEY).unwrap().to_owned();
        let name = key.strip_prefix(&format!("{process}/")).unwrap_or_else(|| panic!("{command:?}")).to_owned();
        assert_eq!(command.path, format!("/commands/{}", kebab_case(&name)));
        assert_eq!(command.header(headers::CORRELATION_ID), Some(process.as_str()), "{command:?}");
        assert_eq!(trace_of(command), Uuid::parse_str(process.as_str()).unwrap().simple().to_string());
        name
    };
    let mut names: Vec<String> = commands(env, process).iter().map(key_of).collect();
    names.sort();
    // On a busy machine a command may be sent again.
    names.dedup();
    names
}

/// Converts `MarkDocumentAsVoided` -> `mark-document-as-voided`
fn kebab_case(name: &str) -> String {
    let lower = |c: char| if c.is_ascii_uppercase() { format!("-{}", c.to_ascii_lowercase()) } else { c.to_string() };
    name.chars().map(lower).collect::<String>().trim_start_matches('-').to_owned()
}

/// Returns the trace id of a valid `traceparent` (W3C Trace Context, version 00).
fn trace_of(command: &Recorded) -> String {
    let parent = command.header(headers::TRACEPARENT).unwrap();
    let [version, trace, span, flags] = parent.split('-').collect::<Vec<_>>()[..] else { panic!("{parent}") };
    assert_eq!((version, trace.len(), span.len(), flags.len()), ("00", 32, 16, 2), "{parent}");
    for part in [trace, span, flags] {
        assert!(part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{parent}");
    }
    assert!(trace.bytes().any(|b| b != b'0') && span.bytes().any(|b| b != b'0'), "{parent}");
    trace.to_owned()
}

#[tokio::test]
async fn every_command_carries_its_key_its_correlation_id_and_a_trace_that_is_the_process() {
    let env = start().await;
    let voided = env.api().post_voiding_to_its_end(&env.issue_reported().await.document_id).await.ok_as(200);
    assert_eq!(voided.state, DocumentVoided);
    let names = assert_headers(&env, &voided.process_id.unwrap());
    assert_eq!(names, ["CompleteDocumentVoiding", "MarkDocumentAsVoided"]);

    let (document, refused) = env.refused_marking().await;
    let _ = env.acknowledged(&document.document_id).await;
    let names = assert_headers(&env, &refused.process_id.unwrap());
    assert_eq!(names, ["AbortDocumentVoiding", "CloseDocumentVoiding", "MarkDocumentAsVoided"]);

    let id = env.issue_reported().await.document_id;
    env.refused_completion(&id).await;
    let _ = env.api().acknowledge(&id, &serde_json::json!({})).await.ok_as(202);
    let compensated = env.in_state(&id, FailureAcknowledged).await;
    let names = assert_headers(&env, &compensated.process_id.unwrap());
    let expected = ["Abort", "Close", "Complete"].map(|verb| format!("{verb}DocumentVoiding"));
    assert_eq!(names[..3], expected);
    assert_eq!(names[3..], ["MarkDocumentAsVoided", "UnmarkDocumentAsVoided"]);
    env.assert_consistent().await;
}

#[tokio::test]
async fn the_events_of_a_process_name_the_command_that_led_to_them() {
    let env = start().await;
    let (document, refused) = env.refused_marking().await;
    let _ = env.acknowledged(&document.document_id).await;
    let process = refused.process_id.unwrap();
    let log = [env.billing().log().await, env.reports().log().await].concat();
    let of_process = log.iter().filter(|event| event.correlationid == process.as_str());
    let causes: Vec<_> = of_process.map(|event| (event.kind.as_str(), event.causationid.as_str())).collect();
    let caused = |command: &str| format!("{process}/{command}DocumentVoiding");
    let (aborted, closed) = (caused("Abort"), caused("Close"));
    let (marked, [(requested, _), rest @ ..]) = (format!("{process}/MarkDocumentAsVoided"), &causes[..]) else {
        panic!("{causes:?}")
    };
    assert_eq!(*requested, "DocumentVoidingRequested");
    let expected = [
        ("DocumentVoidingAborted", aborted.as_str()),
        ("DocumentVoidingClosed", &closed),
        ("MarkingDocumentAsVoidedFailed", &marked),
    ];
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn void_document_of_a_process_that_began_without_one_has_a_key_that_survives_its_attempts() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.proxy(Link::WorkerToBilling).fault_times(1, "/commands/void-document", tests::Fault::LoseAnswer);
    let workflow = tests::workflow_id(&id);
    env.temporal().start(&workflow, &[serde_json::json!({"document_id": id})]).await.unwrap();
    assert_eq!(env.temporal().ended_as(&id).await, "Completed");
    let [first, second, ..] = &env.proxy(Link::WorkerToBilling).requests_to("/commands/void-document")[..] else {
        panic!("two attempts")
    };
    assert!(Uuid::parse_str(first.header(headers::IDEMPOTENCY_KEY).unwrap()).is_ok());
    assert_eq!(first.header(headers::IDEMPOTENCY_KEY), second.header(headers::IDEMPOTENCY_KEY));
    assert_eq!(trace_of(first), trace_of(second));
    env.assert_consistent().await;
}
