//! Forms that no page of ours has sent, and the headers that keep other sites out.

use messages::voiding::VoidingState;
use reqwest::{RequestBuilder, header::HeaderMap};
use tests::{Component, Env, binaries, calls::http, eventually};

async fn start() -> Env {
    Env::builder(binaries!()).start().await
}

/// Returns the token of a page's cookie and its forms.
async fn token(env: &Env) -> String {
    let page = http().get(format!("{}/reports", env.url(Component::Api))).send().await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let token = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    assert!(page.text().await.unwrap().contains(&format!("value=\"{token}\"")));
    token
}

fn post(env: &Env, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
    let body = form.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let url = format!("{}{path}", env.url(Component::Api));
    http().post(url).header("content-type", "application/x-www-form-urlencoded").body(body)
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_forged_form_changes_nothing() {
    let env = start().await;
    let document = env.issue_reported().await;
    let id = document.document_id.as_str();
    let token = token(&env).await;
    let cookie = format!("console_token={token}");
    let form = [("document_id", id), ("token", token.as_str())];
    let void = |form: &[(&str, &str)]| post(&env, "/console/void", form);
    assert_eq!(status(void(&form)).await, 403, "no cookie");
    assert_eq!(status(void(&form[..1]).header("cookie", &cookie)).await, 403, "no token");
    let wrong = [("document_id", id), ("token", "00000000000000000000000000000000")];
    assert_eq!(status(void(&wrong).header("cookie", &cookie)).await, 403, "another token");
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "same-site")] {
        assert_eq!(status(void(&form).header("cookie", &cookie).header(name, value)).await, 403, "{name}: {value}");
    }
    for path in ["/console/instance/acknowledge", "/console/instance/retry", "/console/instance/instruct"] {
        let form = [("manager", "TransferMoney"), ("process_id", "t-1"), ("failure_id", "t-1/1")];
        assert_eq!(status(post(&env, path, &form).header("cookie", &cookie)).await, 403, "{path}, no token");
    }
    let pause = [("customer_id", "acme"), ("steer", "pause")];
    assert_eq!(status(post(&env, "/console/credit-change", &pause).header("cookie", &cookie)).await, 403, "no token");
    assert!(env.billing().log().await.iter().all(|event| event.kind == "DocumentIssued"));

    let answer = void(&form).header("cookie", &cookie).header("origin", env.url(Component::Api)).send().await.unwrap();
    // The client follows the redirect to the page.
    assert!(answer.status().is_success(), "{answer:?}");
    env.in_state(&document.document_id, VoidingState::DocumentVoided).await;
}

fn assert_secure(headers: &HeaderMap, path: &str) {
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
    assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
}

#[tokio::test]
async fn every_page_carries_the_security_headers_and_a_missing_one_says_so() {
    let env = start().await;
    let document = env.issue_reported().await;
    let process = format!("/processes/{}", document.document_id);
    let api = env.url(Component::Api);
    for (path, expected) in [
        ("/", 200),
        ("/?state=nonsense&show=nonsense&incident=7", 200),
        ("/reports", 200),
        ("/reports?customer_id=%3Cb%3E&cursor=nonsense", 200),
        ("/processes/%3Cscript%3E", 404),
        ("/transfers?show=nonsense&incident=7&cursor=nonsense", 200),
        ("/transfers/%3Cscript%3E", 404),
        ("/changes?show=nonsense", 200),
        ("/changes/%3Cscript%3E", 404),
        (process.as_str(), 404),
        ("/assets/console.css", 200),
        ("/favicon.ico", 200),
        ("/console/events?on=nothing", 404),
        ("/console/events?on=instances&manager=nothing", 404),
    ] {
        // While Temporal is too busy to answer, a page says so.
        let answer = eventually(&format!("{expected} {path}"), async || {
            let answer = http().get(format!("{api}{path}")).send().await.unwrap();
            if answer.status().as_u16() == expected { Ok(answer) } else { Err(answer.status()) }
        })
        .await;
        if answer.headers().get("content-type").is_some_and(|kind| kind != "application/problem+json") {
            assert_secure(answer.headers(), path);
        }
    }
    assert_eq!(status(post(&env, "/voidings", &[("document_id", "x")])).await, 415, "REST takes no forms");
}
