//! Which answers are refusals and which are faults, tested against a real server.

use std::error::Error;

use axum::{
    Json, Router,
    extract::{OriginalUri, Path},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/some/prefix/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().nest("/some/prefix", router)).await });
    url
}

fn client(url: Url) -> CommandClient {
    within(url, Duration::from_secs(120))
}

/// Returns a client for a service that hangs.
fn hasty(url: Url) -> CommandClient {
    within(url, Duration::from_millis(300))
}

fn within(url: Url, total: Duration) -> CommandClient {
    CommandClient::new(url, Timeouts { connect: total, total }).unwrap()
}

async fn outcome(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Result<Value, CommandError> {
    let url = serve(Router::new().route("/commands/do-it", post(move || async move { answer }))).await;
    client(url).send("/commands/do-it", &json!({}), &Envelope::default()).await
}

#[tokio::test]
async fn a_problem_with_a_code_is_a_refusal() {
    for status in [StatusCode::NOT_FOUND, StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY] {
        let error =
            outcome((status, Json(json!({"code": "report-published", "detail": "too late"})))).await.unwrap_err();
        assert!(matches!(&error, CommandError::Refused(problem) if problem.code == "report-published"), "{error:?}");
        assert_eq!(error.to_string(), "refused (report-published): too late");
    }
}

#[tokio::test]
async fn every_other_error_is_a_fault() {
    let code = || Json(json!({"code": "internal"}));
    for error in [
        outcome(StatusCode::NOT_FOUND).await.unwrap_err(),
        outcome((StatusCode::CONFLICT, "no json")).await.unwrap_err(),
        outcome((StatusCode::CONFLICT, Json(json!({"code": " "})))).await.unwrap_err(),
        outcome((StatusCode::NOT_FOUND, Json(json!({"code": "not-found"})))).await.unwrap_err(),
        outcome((StatusCode::INTERNAL_SERVER_ERROR, code())).await.unwrap_err(),
        outcome((StatusCode::SERVICE_UNAVAILABLE, code())).await.unwrap_err(),
        outcome((StatusCode::BAD_REQUEST, code())).await.unwrap_err(),
        outcome((StatusCode::FOUND, [("location", "/elsewhere")])).await.unwrap_err(),
    ] {
        assert!(matches!(error, CommandError::Fault(Fault::Status { .. })), "{error:?}");
    }
    let error = outcome("no json").await.unwrap_err();
    assert!(matches!(error, CommandError::Fault(Fault::Unreadable { .. })), "{error:?}");
}

#[tokio::test]
async fn a_service_that_hangs_or_is_not_there_is_a_fault_with_its_cause() {
    async fn hang() -> Response {
        std::future::pending().await
    }
    let url = serve(Router::new().route("/commands/do-it", post(hang))).await;
    let hung = hasty(url).send::<_, Value>("/commands/do-it", &json!({}), &Envelope::default()).await.unwrap_err();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gone = client(format!("http://{closed}").parse().unwrap()).get::<Value>(&["documents"], &[]).await.unwrap_err();
    for error in [hung, gone] {
        assert!(matches!(error, CommandError::Fault(Fault::Unreachable { .. })), "{error:?}");
        assert!(error.source().is_some());
    }
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    async fn asked(headers: HeaderMap) -> Json<Value> {
        Json(json!(headers["authorization"].to_str().unwrap()))
    }
    async fn unreadable() -> &'static str {
        "no json"
    }
    let router = Router::new()
        .route("/documents/asked", get(asked))
        .route("/documents/unreadable", get(unreadable))
        .route("/events", get(unreadable));
    let with_credentials = |url: Url| -> Url { url.as_str().replace("http://", "http://svc:s3cret@").parse().unwrap() };
    let url = with_credentials(serve(router).await);
    let service = client(url.clone());
    assert_eq!(service.get::<Value>(&["documents", "asked"], &[]).await.unwrap(), "Basic c3ZjOnMzY3JldA==");
    let mut shown = vec![format!("{service:?}")];
    for path in ["unreadable", "unknown"] {
        let error = service.get::<Value>(&["documents", path], &[]).await.unwrap_err();
        shown.extend([error.to_string(), format!("{error:?}"), process_manager_wire::error_chain(&error)]);
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let away = with_credentials(format!("http://{closed}").parse().unwrap());
    let error = client(away.clone()).get::<Value>(&["documents"], &[]).await.unwrap_err();
    shown.extend([error.to_string(), format!("{error:?}"), process_manager_wire::error_chain(&error)]);
    let error = CommandClient::new("ftp://svc:s3cret@host".parse().unwrap(), Timeouts::default()).unwrap_err();
    shown.extend([error.to_string(), format!("{error:?}")]);
    for url in [url, away] {
        let feed = crate::feed::FeedClient::new(url).unwrap();
        let error = feed.read(0, 1, Duration::ZERO).await.unwrap_err();
        shown.extend([format!("{feed:?}"), error.to_string(), format!("{error:?}")]);
    }
    for text in shown {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn only_some_faults_say_for_certain_that_a_command_had_no_effect() {
    async fn hang() -> Response {
        std::future::pending().await
    }
    let told = |error: &CommandError| match error {
        CommandError::Fault(fault) => fault.had_no_effect(),
        CommandError::Refused(problem) => panic!("refused: {problem:?}"),
    };
    let problem = || Json(json!({"code": "database-unavailable"}));
    for (certain, error) in [
        (true, outcome((StatusCode::SERVICE_UNAVAILABLE, problem())).await.unwrap_err()),
        (true, outcome(StatusCode::NOT_FOUND).await.unwrap_err()),
        (true, outcome((StatusCode::UNAUTHORIZED, problem())).await.unwrap_err()),
        (true, outcome((StatusCode::FOUND, [("location", "/elsewhere")])).await.unwrap_err()),
        (false, outcome((StatusCode::SERVICE_UNAVAILABLE, "a gateway")).await.unwrap_err()),
        (false, outcome((StatusCode::INTERNAL_SERVER_ERROR, problem())).await.unwrap_err()),
        (false, outcome(StatusCode::BAD_GATEWAY).await.unwrap_err()),
        (false, outcome(StatusCode::REQUEST_TIMEOUT).await.unwrap_err()),
        (false, outcome("no json").await.unwrap_err()),
    ] {
        assert_eq!(told(&error), certain, "{error}");
    }
    let url = serve(Router::new().route("/commands/do-it", post(hang))).await;
    let hung = hasty(url).send::<_, Value>("/commands/do-it", &json!({}), &Envelope::default()).await.unwrap_err();
    assert!(!told(&hung), "{hung}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gone = client(format!("http://{closed}").parse().unwrap());
    let gone = gone.send::<_, Value>("/commands/do-it", &json!({}), &Envelope::default()).await.unwrap_err();
    assert!(told(&gone), "{gone}");
}

#[tokio::test]
async fn a_command_carries_its_envelope_and_its_body() {
    async fn echo(headers: HeaderMap, Json(body): Json<Value>) -> Json<Value> {
        let header = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned());
        Json(json!([header("idempotency-key"), header("x-correlation-id"), header("traceparent"), body]))
    }
    let client = client(serve(Router::new().route("/commands/do-it", post(echo))).await);
    let mut envelope = Envelope::of_process(&"p-1".parse().unwrap(), "do-it");
    envelope.traceparent = Some("00-a-b-01".to_owned());
    let seen: Value = client.send("/commands/do-it", &json!({"a": 1}), &envelope).await.unwrap();
    assert_eq!(seen, json!(["p-1/do-it", "p-1", "00-a-b-01", {"a": 1}]));
    let seen: Value = client.send("/commands/do-it", &json!({}), &Envelope::default()).await.unwrap();
    assert_eq!(seen, json!([null, null, null, {}]));
}

#[tokio::test]
async fn path_segments_and_query_are_encoded() {
    async fn echo(Path(id): Path<String>, OriginalUri(uri): OriginalUri) -> Json<Value> {
        Json(json!([id, uri.path(), uri.query()]))
    }
    let client = client(serve(Router::new().route("/documents/{id}", get(echo))).await);
    let seen: Value = client.get(&["documents", "a/b?c"], &[("process", "o&n")]).await.unwrap();
    assert_eq!(seen, json!(["a/b?c", "/some/prefix/documents/a%2Fb%3Fc", "process=o%26n"]));
}

#[tokio::test]
async fn an_answer_of_more_than_4_mib_is_not_read_and_says_so() {
    async fn without_end() -> Response {
        let chunk = || Ok::<_, std::io::Error>(axum::body::Bytes::from_static(&[b' '; 64 * 1024]));
        axum::body::Body::from_stream(futures::stream::repeat_with(chunk)).into_response()
    }
    async fn announced() -> Response {
        let length = [("content-length", (MOST_BYTES + 1).to_string())];
        (
            StatusCode::CONFLICT,
            length,
            axum::body::Body::from_stream(futures::stream::pending::<Result<String, std::io::Error>>()),
        )
            .into_response()
    }
    async fn just_fits() -> String {
        " ".repeat(MOST_BYTES - 1) + "7"
    }
    assert_eq!(MOST_BYTES, 4_194_304);
    let router = Router::new()
        .route("/commands/without-end", post(without_end))
        .route("/commands/announced", post(announced))
        .route("/commands/just-fits", post(just_fits));
    let client = CommandClient::new(serve(router).await, Timeouts::default()).unwrap();
    let ask = async |path: &str| client.send::<_, Value>(path, &json!({}), &Envelope::default()).await;
    for (path, status, had_no_effect) in [("without-end", 200, false), ("announced", 409, true)] {
        let error = ask(&format!("/commands/{path}")).await.unwrap_err();
        let CommandError::Fault(fault @ Fault::TooLarge { .. }) = &error else { panic!("{error:?}") };
        assert_eq!(fault.had_no_effect(), had_no_effect, "{error}");
        assert!(error.to_string().contains(&status.to_string()) && error.to_string().contains("4194304"), "{error}");
    }
    assert_eq!(ask("/commands/just-fits").await.unwrap(), 7);
}

#[test]
fn an_address_that_is_not_http_is_refused() {
    let error = CommandClient::new("mailto:billing".parse().unwrap(), Timeouts::default()).unwrap_err();
    assert!(error.to_string().starts_with("mailto:billing is not the address of an HTTP service"));
}
