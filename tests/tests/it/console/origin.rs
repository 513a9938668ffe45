//! Nothing that a page needs comes from elsewhere.

use tests::Component;

use super::on_the_console;
use super::page_of;

const ASKED_FOR: &str = "return performance.getEntriesByType('resource').map(entry => entry.name)";
const NAMED: &str = "return [...document.querySelectorAll('[src], link[href], form[action]')]
    .map(element => new URL(element.src || element.href || element.action, location).href)";
const INLINE: &str =
    "return document.querySelectorAll('[style], style, script:not([src]), [onclick], [onload]').length";
const LISTEN: &str =
    "window.refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.blockedURI)); return 1";

#[tokio::test]
async fn no_request_of_a_page_leaves_the_api_s_own_origin() {
    let Some((env, browser)) = on_the_console("the pages' origin").await else { return };
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    let origin = env.url(Component::Api);
    let others = ["/", "/transfers", "/reports", "/processes/unknown"].map(str::to_owned);
    for path in others.into_iter().chain([page_of(id)]) {
        browser.open(&path).await;
        browser.eval(LISTEN).await;
        let fresh = env.issue_reported().await;
        env.api().post_voiding_to_its_end(&fresh.document_id).await.ok_as(200);
        for script in [ASKED_FOR, NAMED] {
            let addresses = browser.eval(script).await;
            let addresses: Vec<&str> = addresses.as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
            assert!(!addresses.is_empty(), "{path}");
            let foreign: Vec<_> = addresses.iter().filter(|name| !name.starts_with(&origin)).collect();
            assert!(foreign.is_empty(), "{path}: {foreign:?}");
        }
        assert_eq!(browser.eval(INLINE).await, 0, "{path}: the policy allows nothing inline");
        assert_eq!(browser.eval("return window.refused").await, serde_json::json!([]), "{path}");
    }
}
