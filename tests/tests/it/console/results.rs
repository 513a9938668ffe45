//! The result of a click is shown in view, and no refresh takes it away.

use serde_json::json;
use tests::{Component, eventually, eventually_eq};

use super::{on_the_console, selection::refused};

const IN_VIEW: &str = "const box = document.querySelector('#notices .notice').getBoundingClientRect();
    return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight";
const FOCUS: &str = "return document.activeElement.closest('#live tbody tr, main h1') !== null";

#[tokio::test]
async fn the_result_is_in_view_and_the_focus_goes_to_the_next_row() {
    let Some((env, browser)) = on_the_console("the result in view").await else { return };
    let ids = refused(&env, 3).await;
    let screen = json!({"width": 1280, "height": 320, "deviceScaleFactor": 1, "mobile": false});
    browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    browser.open("/").await;
    let row = format!("#process-{}", ids[0]);
    browser.says("#tile-attention .number", "3").await;
    browser.click(&format!("{row} summary")).await;
    browser.click(&format!("{row} form[action='/console/acknowledge'] button")).await;
    browser.says("#notices", "is acknowledged").await;
    assert_eq!(browser.eval(IN_VIEW).await, true, "the result is in view");
    browser.gone(&row).await;
    eventually(
        "the focus is in the list",
        async || {
            if browser.eval(FOCUS).await == true { Ok(()) } else { Err("it is lost") }
        },
    )
    .await;
}

#[tokio::test]
async fn the_result_for_several_outlives_a_refresh_and_failed_rows_stay_ticked() {
    let Some((env, browser)) = on_the_console("the result for several").await else { return };
    let ids = refused(&env, 3).await;
    browser.open("/").await;
    browser.says("#tile-attention .number", "3").await;
    browser.click("#select-all").await;
    browser.says("#selection button[value=acknowledge]", "Acknowledge 3").await;
    // The page has shown another failure of the first one. The live part is replaced while the answer is under way. All
    // at once, because a refresh in between would correct the failure.
    let id = &ids[0];
    browser
        .eval(&format!(
            "document.querySelector('#select-{id}').value = '{id} old/1';
            document.querySelector('#selection button[value=acknowledge]').click();
            document.querySelector('#selection').remove(); return true"
        ))
        .await;
    browser.says("#notices .refused", "2 of 3 acknowledged").await;
    browser.says("#notices .refused", "another failure now").await;
    for id in &ids[1..] {
        browser.gone(&format!("#process-{id}")).await;
    }
    browser.says("#notices .refused", "2 of 3 acknowledged").await;
    let ticked = "return [...document.querySelectorAll('[name=selected]')].map(box => box.checked)";
    eventually_eq("the failed one stays ticked", json!([true]), async || browser.eval(ticked).await).await;
}

#[tokio::test]
async fn a_retry_of_several_is_offered_for_those_that_can_be_retried() {
    let Some((env, browser)) = on_the_console("retrying several").await else { return };
    let marking = refused(&env, 1).await.remove(0);
    let completion = env.issue_reported().await.document_id;
    env.refused_completion(&completion).await;
    browser.open("/attention").await;
    browser.says("#tile-attention .number", "2").await;
    browser.click(&format!("#select-{marking}")).await;
    browser.says("#selection button[value=acknowledge]", "Acknowledge 1").await;
    assert_eq!(browser.eval("return document.querySelector('#selection [value=retry]').disabled").await, true);
    browser.click(&format!("#select-{completion}")).await;
    browser.says("#selection button[value=retry]", "Retry 1 of 2").await;
    browser.click("#selection button[value=retry]").await;
    browser.says("#notices .done", "1 of 1 retried").await;
    browser.gone(&format!("#process-{completion}")).await;
    assert!(browser.is_there(&format!("#process-{marking}")).await);
}

#[tokio::test]
async fn a_failure_that_somebody_has_acknowledged_names_who() {
    let Some((env, browser)) = on_the_console("who was faster").await else { return };
    let id = refused(&env, 1).await.remove(0);
    browser.open(&super::page_of(&id)).await;
    browser.click(".advice summary").await;
    browser.fill(".advice [name=note]", "the customer was told").await;
    // The page has everything it needs, and receives no more events.
    let deafen = "const live = document.querySelector('#live');
        if (live.dataset.seen === '0' || live.matches('.htmx-request')) return false;
        window.dispatchEvent(new Event('pagehide'));
        window.kept = live.dataset.events;
        delete live.dataset.events;
        return true";
    eventually_eq("the page is at rest", json!(true), async || browser.eval(deafen).await).await;
    env.acknowledged(&id).await;
    browser.click(".advice form.acknowledge button").await;
    browser.says("#notices .refused", "alex acknowledged it already").await;
    // The form disappears with the failure; the typed text is not lost.
    let listen = "document.querySelector('#live').dataset.events = window.kept;
        window.dispatchEvent(new Event('pageshow')); return true";
    browser.eval(listen).await;
    browser.gone(".advice").await;
    browser.says("#notices .refused", "Your note was not recorded: “the customer was told”").await;
}

#[tokio::test]
async fn a_click_that_reaches_nobody_says_so() {
    let Some((env, browser)) = on_the_console("a click offline").await else { return };
    let id = refused(&env, 1).await.remove(0);
    browser.open("/").await;
    let row = format!("#process-{id}");
    browser.click(&format!("{row} summary")).await;
    browser.find(&format!("{row} form.acknowledge button")).await;
    env.kill(Component::Api).await;
    browser.click(&format!("{row} form.acknowledge button")).await;
    browser.says("#notices .refused", "the console could not be reached").await;
    assert_eq!(browser.eval(IN_VIEW).await, true);
}
