//! Searches, links and windows lead an operator to each process.

use messages::{DocumentId, voiding::VoidingState};
use serde_json::json;
use tests::sample;

use super::{on_the_console, page_of, selection::refused};

/// More windows than the connections that a browser opens to one server.
const WINDOWS: usize = 7;

#[tokio::test]
async fn the_acknowledgement_of_an_earlier_failure_of_a_document_can_be_reached() {
    let Some((env, browser)) = on_the_console("earlier processes").await else { return };
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    let by = json!({"acknowledged_by": "Dana", "note": "told the customer"});
    env.api().acknowledge(id, &by).await.ok_as(202);
    env.in_state(id, VoidingState::FailureAcknowledged).await;
    env.api().post_voiding_to_its_end(id).await.ok_as(200);
    browser.open(&format!("/?show=all&text={id}")).await;
    browser.find(&format!("#process-{id}")).await;
    let links = "return [...document.querySelectorAll('tbody td[data-label=Document] a')]
        .map(link => link.getAttribute('href'))";
    tests::eventually("both rows lead to their own process", async || {
        let links: Vec<String> = serde_json::from_value(browser.eval(links).await).unwrap();
        let distinct: std::collections::BTreeSet<_> = links.iter().collect();
        if distinct.len() >= 2 { Ok(()) } else { Err(format!("{links:?}")) }
    })
    .await;
    let rows = "const ids = [...document.querySelectorAll('tbody tr')].map(row => row.id); return ids.length - new Set(ids).size";
    assert_eq!(browser.eval(rows).await, 0, "no two rows have one id");
    browser.open(&page_of(id)).await;
    browser.says(".summary", "Refused").await;
    browser.says(".others", "Acknowledged by Dana").await;
    browser.click(".others a").await;
    browser.says(".timeline", "Acknowledged by Dana").await;
    browser.says(".timeline .note", "told the customer").await;
    browser.says(".others", "Refused").await;
}

#[tokio::test]
async fn a_search_finds_a_part_of_an_id_and_the_id_of_a_workflow_and_names_an_invalid_one() {
    let Some((env, browser)) = on_the_console("searching").await else { return };
    let ids = refused(&env, 2).await;
    let part = &ids[0].as_str()[2..];
    for text in [part, &format!("voiding-{}", ids[0])] {
        browser.open(&format!("/?text={text}")).await;
        browser.find(&format!("#process-{}", ids[0])).await;
        assert!(!browser.is_there(&format!("#process-{}", ids[1])).await, "{text}");
    }
    for path in ["/reports?customer_id=a%20b", "/?customer_id=a%20b"] {
        browser.open(path).await;
        browser.says(".empty", "“a b” is not a valid customer").await;
    }
    assert!(!browser.is_there("[id^=document-]").await, "not all customers' documents");
}

#[tokio::test]
async fn voided_documents_are_shown_and_a_number_leads_to_its_processes() {
    let Some((env, browser)) = on_the_console("numbers").await else { return };
    let id = env.issue_reported().await.document_id;
    env.api().post_voiding_to_its_end(&id).await.ok_as(200);
    // As the form of earlier versions wrote it.
    browser.open("/?show=open&state=document-voided&customer_id=&text=").await;
    browser.says(&format!("[id^='process-{id}']"), "Voided").await;
    browser.open("/").await;
    browser.says("#tile-voided .number", "1").await;
    browser.click("#tile-voided").await;
    browser.says(&format!("[id^='process-{id}']"), "Voided").await;
    browser.find("#tile-voided[aria-current]").await;
}

#[tokio::test]
async fn the_seventh_window_of_a_browser_loads_and_follows() {
    let Some((env, browser)) = on_the_console("seven windows").await else { return };
    let id = refused(&env, 1).await.remove(0);
    for _ in 0..WINDOWS {
        browser.new_window().await;
        browser.open("/").await;
        browser.find(&format!("#process-{id}")).await;
    }
    env.acknowledged(&id).await;
    browser.gone(&format!("#process-{id}")).await;
}

#[tokio::test]
async fn a_copy_works_without_the_right_to_the_clipboard() {
    let Some((env, browser)) = on_the_console("copying").await else { return };
    let id = refused(&env, 1).await.remove(0);
    browser.open(&page_of(&id)).await;
    // As on plain HTTP.
    browser.eval("Object.defineProperty(navigator, 'clipboard', {value: undefined}); return true").await;
    browser.click(".ids button.copy").await;
    browser.find(".ids button.copied").await;
}

#[tokio::test]
async fn a_long_id_makes_no_row_high() {
    let Some((env, browser)) = on_the_console("long ids").await else { return };
    let ids = refused(&env, 1).await;
    let long: DocumentId = format!("L{}", "o".repeat(127)).parse().unwrap();
    let invoice = sample::invoice(&sample::customer_id());
    let invoice = messages::billing::IssueDocument { document_id: Some(long.clone()), ..invoice };
    env.billing().issue(&invoice).await.ok();
    env.await_reported().await;
    env.reports().publish(&invoice.customer_id).await.ok();
    env.api().post_voiding_to_its_end(&long).await.ok_as(200);
    browser.open("/").await;
    browser.find(&format!("#process-{long}")).await;
    let height =
        |id: &DocumentId| format!("return document.querySelector('#process-{id}').getBoundingClientRect().height");
    let (long, other) = (browser.eval(&height(&long)).await, browser.eval(&height(&ids[0])).await);
    assert!(long.as_f64().unwrap() <= other.as_f64().unwrap() * 1.5, "{long} and {other}");
    assert!(other.as_f64().unwrap() < 90.0, "{other}");
}
