//! The keyboard alone is enough.

use messages::voiding::VoidingState;

use super::Browser;
use super::on_the_console;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
/// More stops than the page has.
const MOST_STOPS: usize = 60;

/// Tabs to the element, and checks that the focus is visible.
async fn go_to(browser: &Browser, css: &str) {
    for _ in 0..MOST_STOPS {
        if browser.eval(&format!("return document.activeElement.matches(`{css}`)")).await == true {
            let outline = browser.eval("return getComputedStyle(document.activeElement).outlineStyle").await;
            assert_ne!(outline, "none", "where the focus is can be seen: {css}");
            return;
        }
        browser.press(TAB).await;
    }
    panic!("the focus never comes to {css}");
}

#[tokio::test]
async fn a_failure_is_acknowledged_by_keyboard_alone() {
    let Some((env, browser)) = on_the_console("keyboard").await else { return };
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    browser.open("/").await;
    browser.find(&format!("#process-{id}")).await;
    browser.press(TAB).await;
    let first = browser.eval("return document.activeElement.className").await;
    assert_eq!(first, "skip", "the first stop leads past the navigation");
    go_to(&browser, &format!("#process-{id} summary")).await;
    browser.press(ENTER).await;
    go_to(&browser, &format!("#process-{id} [name=note]")).await;
    browser.press("typed").await;
    browser.press(ENTER).await;
    browser.gone(&format!("#process-{id}")).await;
    let voiding = env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(voiding.acknowledgement.unwrap().note.as_deref(), Some("typed"));
}
