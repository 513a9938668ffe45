//! Several processes at once, and filters in the address.

use messages::{DocumentId, voiding::VoidingState};
use tests::{Env, sample};

use super::on_the_console;

pub(super) async fn refused(env: &Env, count: usize) -> Vec<DocumentId> {
    let customer = sample::customer_id();
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(env.issue(&sample::invoice(&customer)).await.document_id);
    }
    env.await_reported().await;
    env.reports().publish(&customer).await.ok();
    for id in &ids {
        env.api().post_voiding_to_its_end(id).await.ok_as(200);
    }
    ids
}

#[tokio::test]
async fn selected_failures_are_acknowledged_together_and_the_others_stay() {
    let Some((env, browser)) = on_the_console("selection").await else { return };
    let ids = refused(&env, 4).await;
    browser.open("/").await;
    browser.says("#tile-attention .number", "4").await;
    for id in &ids[..3] {
        browser.click(&format!("#select-{id}")).await;
    }
    browser.fill("#note-selection", "all told").await;
    // Another process ends meanwhile: ticked boxes and typed text stay.
    browser.click("#selection button[value=acknowledge]").await;
    browser.says("#notices", "3 of 3 acknowledged").await;
    for id in &ids[..3] {
        browser.gone(&format!("#process-{id}")).await;
        let voiding = env.in_state(id, VoidingState::FailureAcknowledged).await;
        assert_eq!(voiding.acknowledgement.unwrap().note.as_deref(), Some("all told"));
    }
    assert!(browser.is_there(&format!("#process-{}", ids[3])).await);
}

#[tokio::test]
async fn a_form_that_a_person_has_begun_outlives_a_refresh() {
    let Some((env, browser)) = on_the_console("a refresh").await else { return };
    let ids = refused(&env, 2).await;
    browser.open("/").await;
    let row = format!("#process-{}", ids[0]);
    browser.click(&format!("#select-{}", ids[0])).await;
    browser.click(&format!("{row} summary")).await;
    browser.fill(&format!("{row} [name=note]"), "half a sen").await;
    env.api().acknowledge(&ids[1], &serde_json::json!({})).await.ok_as(202);
    browser.gone(&format!("#process-{}", ids[1])).await;
    browser.press("tence").await;
    let script = format!(
        "const row = document.querySelector('{row}'); return [row.querySelector('[name=note]').value, \
         row.querySelector('[name=selected]').checked, row.querySelector('details').open]"
    );
    assert_eq!(browser.eval(&script).await, serde_json::json!(["half a sentence", true, true]));
}

#[tokio::test]
async fn filters_stand_in_the_address() {
    let Some((env, browser)) = on_the_console("filters").await else { return };
    let ids = refused(&env, 2).await;
    browser.open("/").await;
    browser.find(&format!("#process-{}", ids[1])).await;
    browser.fill("[name=text]", ids[0].as_str()).await;
    browser.gone(&format!("#process-{}", ids[1])).await;
    browser.find(&format!("#process-{}", ids[0])).await;
    tests::eventually("the filter is in the address", async || {
        let path = browser.path().await;
        if path.contains(&format!("text={}", ids[0])) { Ok(()) } else { Err(path) }
    })
    .await;
    browser.open("/?state=document-voided").await;
    browser.says(".empty", "No process matches these filters").await;
    browser.open("/?cursor=nonsense").await;
    browser.says(".empty", "This page has expired").await;
}
