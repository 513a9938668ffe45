//! Whole requests to a program's routes.

use std::cell::RefCell;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, header::CONTENT_TYPE},
    response::Response,
    routing::{get, post},
};
use messages::{
    DocumentId, PROBLEM_MEDIA_TYPE, Problem,
    accounts::{FailMoneyTransfer, OpenAccount, RequestMoneyTransfer},
    billing::{DocumentVoidingCommand, IssueDocument},
    confirmation::ExtendDeadline,
    contracts::{OpenContract, RemindCustomer},
};
use process_manager_wire::headers::LONGEST;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use service_kit::{CommandHeaders, Json, OptionalJson, Params, PathId, app, ready_check};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

thread_local! {
    static PROGRAM: RefCell<(Runtime, Router)> = RefCell::new((
        Builder::new_current_thread().enable_time().build().expect("there is a runtime"),
        app("fuzz", routes(), ready_check(|| async { Ok(()) })),
    ));
}

/// Takes a request as HTTP/1.1 writes it: `POST /issue?a=b`, headers, an empty line, and the body.
pub fn requests(data: &[u8]) {
    let Some((request, method)) = request(data) else { return };
    let (status, media_type, body) = PROGRAM.with_borrow(|(runtime, router)| {
        let _turn = runtime.enter();
        runtime.block_on(async {
            let Ok(response) = router.clone().oneshot(request).await;
            let (status, media_type) = (response.status(), media_type(&response));
            (status, media_type, to_bytes(response.into_body(), usize::MAX).await.expect("the answer is whole"))
        })
    });
    assert!(!status.is_server_error(), "{status}: {}", String::from_utf8_lossy(&body));
    if status.as_u16() < 400 {
        return;
    }
    assert_eq!(media_type, PROBLEM_MEDIA_TYPE, "{status}");
    if method != Method::HEAD {
        let problem: Problem = serde_json::from_slice(&body).expect("each error is a problem");
        assert_eq!(problem.status, status.as_u16());
        assert_eq!(problem.kind, format!("/problems/{}", problem.code));
        assert!(problem.detail.chars().count() <= 1_001, "{}", problem.detail);
    }
}

fn routes() -> Router {
    Router::new()
        .route("/issue", post(echo::<IssueDocument>))
        .route("/settle", post(echo::<DocumentVoidingCommand>))
        .route("/open", post(echo::<OpenAccount>))
        .route("/transfer", post(echo::<RequestMoneyTransfer>))
        .route("/fail", post(echo::<FailMoneyTransfer>))
        .route("/extend", post(echo::<ExtendDeadline>))
        .route("/contract", post(echo::<OpenContract>))
        .route("/remind", post(echo::<RemindCustomer>))
        .route("/any", post(|OptionalJson(body): OptionalJson<Value>| async move { Json(body) }))
        .route("/documents/{id}", get(|PathId(id): PathId<DocumentId>| async move { id.to_string() }))
        .route("/documents", get(|params: Params| async move { params.page("documents").map(drop) }))
}

/// Answers with the command as it was understood, which must be understood again.
async fn echo<T: Serialize + DeserializeOwned>(headers: CommandHeaders, Json(command): Json<T>) -> Json<Value> {
    let ids = [headers.idempotency_key, headers.correlation_id, Some(headers.causation_id)];
    for id in ids.into_iter().flatten() {
        assert!((1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()), "{id:?}");
    }
    let understood = serde_json::to_value(&command).expect("a command is JSON");
    let again: T = serde_json::from_value(understood.clone()).expect("a command is understood again");
    assert_eq!(serde_json::to_value(again).ok().as_ref(), Some(&understood));
    Json(understood)
}

fn media_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn request(data: &[u8]) -> Option<(Request<Body>, Method)> {
    let end = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let body = data.get(end + 2..).unwrap_or_default();
    let mut lines = data.get(..end)?.split(|byte| *byte == b'\n');
    let mut words = lines.next()?.splitn(2, |byte| *byte == b' ');
    let method = Method::from_bytes(words.next()?).ok()?;
    let mut request = Request::builder().method(method.clone()).uri(words.next()?);
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(at);
        request = request.header(name, value.get(1..)?.trim_ascii());
    }
    Some((request.body(Body::from(body.to_vec())).ok()?, method))
}
