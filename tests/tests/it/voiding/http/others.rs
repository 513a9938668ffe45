//! Requests from pages of other sites, and requests for other hosts.

use messages::voiding::VoidingState;
use tests::{Component, Env, binaries, calls::http};

const FORM: &str = "application/x-www-form-urlencoded";

/// Returns status and code of the answer, which is a problem.
async fn refusal(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}"));
    (status, problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_page_of_another_site_acknowledges_and_retries_nothing() {
    let env = Env::builder(binaries!()).start().await;
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    for path in ["acknowledgement", "retry"] {
        let url = format!("{}/voidings/{id}/{path}", env.url(Component::Api));
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let forged = http().post(&url).header("content-type", FORM).header(name, value);
            let refused = (403, "cross-site-request".to_owned());
            assert_eq!(refusal(forged).await, refused, "{path}, {name}: {value}");
        }
    }
    let voiding = env.api().voiding(id).await.ok();
    assert_eq!((voiding.state, voiding.acknowledgement), (VoidingState::MarkingDocumentAsVoidedFailed, None));
}

#[tokio::test]
async fn every_program_answers_for_its_own_hosts_only() {
    let env = Env::builder(binaries!()).accounts().contracts().start().await;
    for (component, path) in [
        (Component::Api, "/"),
        (Component::Api, "/reports"),
        (Component::Api, "/voidings"),
        (Component::Api, "/openapi.json"),
        (Component::Billing, "/documents"),
        (Component::Reports, "/reports"),
        (Component::Accounts, "/accounts"),
        (Component::Contracts, "/contracts"),
        (Component::Worker, "/livez"),
    ] {
        let url = format!("{}{path}", env.url(component));
        for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"] {
            let request = http().get(&url).header("host", host);
            assert_eq!(refusal(request).await, (421, "host-not-allowed".to_owned()), "{component:?} {path} {host}");
        }
        assert_eq!(http().get(&url).header("host", "localhost").send().await.unwrap().status(), 200, "{path}");
    }
    let url = format!("{}/commands/void-document", env.url(Component::Billing));
    let command = http().post(url).header("host", "evil.example").json(&serde_json::json!({"document_id": "d"}));
    assert_eq!(refusal(command).await, (421, "host-not-allowed".to_owned()));
}
