//! Each answer of the api from 400 on is a problem, including the framework's own.

use crate::start;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    Env,
    calls::{Answer, http},
};

async fn call(env: &Env, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer<Value> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = http().request(method, format!("{}{path}", env.api().raw().base())).body(body);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    env.api().raw().send(request).await
}

#[tokio::test]
async fn every_error_answer_of_the_api_is_a_problem() {
    let env = start().await;
    for (method, path, status, code) in [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/voidings/a/b/c", 404, "not-found"),
        ("GET", "/voidings/", 404, "not-found"),
        ("POST", "/nowhere", 404, "not-found"),
        ("DELETE", "/voidings", 405, "method-not-allowed"),
        ("PUT", "/voidings/a", 405, "method-not-allowed"),
        ("GET", "/voidings/a/acknowledgement", 405, "method-not-allowed"),
        ("GET", "/voidings/a/retry", 405, "method-not-allowed"),
        ("BREW", "/voidings", 405, "method-not-allowed"),
        ("GET", "/voidings/%ff", 400, "invalid-id"),
        ("GET", "/voidings/a%2Fb", 400, "invalid-id"),
        ("GET", "/voidings/a%20b", 400, "invalid-id"),
        ("GET", "/voidings/%zz", 400, "invalid-id"),
        ("POST", "/voidings/%00/acknowledgement", 400, "invalid-id"),
        ("POST", "/voidings/a%27b/retry", 400, "invalid-id"),
        ("GET", "/voidings?limit=%ff", 400, "invalid-parameter"),
        ("GET", "/voidings/unknown", 404, "voiding-not-found"),
    ] {
        let answer = call(&env, method, path, None, Vec::new()).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{method} {path}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{method} {path}");
    }
    let too_long = format!("/voidings/{}", "x".repeat(129));
    assert_eq!(call(&env, "GET", &too_long, None, Vec::new()).await.refusal(), (400, "invalid-id".to_owned()));
}

#[tokio::test]
async fn every_body_that_is_no_request_for_a_voiding_is_a_problem() {
    let env = start().await;
    let json = Some("application/json");
    let large = json!({"document_id": "a", "padding": "x".repeat(1 << 20)}).to_string();
    for (content_type, body, status, code) in [
        (json, "{", 400, "unreadable-body"),
        (json, "", 400, "unreadable-body"),
        (json, "{\"document_id\": \"a\"} x", 400, "unreadable-body"),
        (json, "{}", 422, "invalid-body"),
        (json, "[]", 422, "invalid-body"),
        (json, "[\"a\"]", 422, "invalid-body"),
        (json, "null", 422, "invalid-body"),
        (json, "{\"document_id\": 1}", 422, "invalid-body"),
        (json, "{\"document_id\": \"a b\"}", 422, "invalid-body"),
        (json, "{\"document_id\": \"\"}", 422, "invalid-body"),
        (json, "{\"document_id\": \"..\"}", 422, "invalid-body"),
        (json, "{\"document_id\": \"a\"}", 404, "document-not-found"),
        (json, &large, 413, "body-too-large"),
        (Some("text/plain"), "{\"document_id\": \"a\"}", 415, "unsupported-media-type"),
        (None, "{\"document_id\": \"a\"}", 415, "unsupported-media-type"),
    ] {
        let answer = call(&env, "POST", "/voidings", content_type, body.as_bytes().to_vec()).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{content_type:?} {}", &body[..body.len().min(40)]);
    }
    let not_utf8 = call(&env, "POST", "/voidings", json, b"{\"document_id\": \"\xff\"}".to_vec()).await;
    assert_eq!(not_utf8.refusal(), (400, "unreadable-body".to_owned()));
    let id = env.issue_reported().await.document_id;
    for key in ["", "a b", &"k".repeat(256)] {
        let answer = env.api().key(key).post_voiding(&id).await;
        assert_eq!(answer.refusal(), (400, "invalid-header".to_owned()), "{key}");
    }
    let unknown_field = json!({"document_id": id, "unknown": {"x": 1}});
    let accepted: Answer<Value> = env.api().raw().post("/voidings", &unknown_field).await;
    let _ = accepted.ok_as(202);
}
