//! Input from outside is shown as text, whatever it looks like.

use messages::{PROBLEM_MEDIA_TYPE, voiding::VoidingState};
use serde_json::json;
use tests::{Fault, Link};

use super::on_the_console;
use super::page_of;

const HOSTILE: &str = "<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 1\">\u{202e}'\"` {{7*7}}";
const IS_HACKED: &str = "return window.hacked === 1 || document.querySelector('main script, main img') !== null";

#[tokio::test]
async fn an_id_like_a_script_is_refused() {
    let Some((env, browser)) = on_the_console("hostile ids").await else { return };
    browser.open("/reports").await;
    browser.click(".issue-box summary").await;
    browser.fill(".issue [name=customer_id]", "acme").await;
    browser.fill(".issue [name=amount]", "1.00").await;
    browser.fill(".issue [name=document_id]", "<script>alert(1)</script>").await;
    browser.click(".issue button[type=submit]").await;
    browser.says("#notices .refused", "an id is 1 to 128 characters").await;
    assert!(env.billing().all_documents().await.is_empty());
    for path in ["/processes/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/processes/..%2F", "/processes/%ff"] {
        browser.open(path).await;
        assert_eq!(browser.eval(IS_HACKED).await, false, "{path}");
    }
    browser
        .open("/?text=%3Cscript%3Ewindow.hacked=1%3C/script%3E&customer_id=%22%3E%3Cimg%20src=x%3E&state=%3Cb%3E")
        .await;
    browser.says(".empty", "is not a valid customer").await;
    assert_eq!(browser.eval(IS_HACKED).await, false);
}

#[tokio::test]
async fn a_hostile_note_is_inert() {
    let Some((env, browser)) = on_the_console("hostile notes").await else { return };
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    let body = json!({"acknowledged_by": HOSTILE, "note": HOSTILE});
    env.api().acknowledge(id, &body).await.ok_as(202);
    env.in_state(id, VoidingState::FailureAcknowledged).await;
    browser.open(&page_of(id)).await;
    browser.says(".timeline .note", "<script>window.hacked = 1</script>").await;
    assert_eq!(browser.eval(IS_HACKED).await, false);
}

#[tokio::test]
async fn a_hostile_detail_of_a_failure_is_inert() {
    let Some((env, browser)) = on_the_console("hostile details").await else { return };
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let problem = json!({"type": "x", "title": "x", "status": 409, "code": HOSTILE, "detail": HOSTILE}).to_string();
    let fault = Fault::Answer { status: 409, content_type: PROBLEM_MEDIA_TYPE.to_owned(), body: problem };
    env.proxy(Link::WorkerToReports).fault("/commands/mark-document-as-voided", fault);
    env.api().post_voiding_to_its_end(id).await.ok_as(200);
    for path in ["/".to_owned(), page_of(id), format!("/reports?customer_id={}", document.customer_id)] {
        browser.open(&path).await;
        browser.says("main", "Refused").await;
        assert_eq!(browser.eval(IS_HACKED).await, false, "{path}");
    }
}
