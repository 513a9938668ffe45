//! axe-core (npm package, vendored) finds nothing serious, in light and in dark, on a desktop and on a phone.

use serde_json::{Value, json};

use super::Browser;
use super::instances;
use super::on_the_console;
use super::page_of;

const AXE: &str = include_str!("../../../assets/axe-core-4.14.1.min.js");
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, {runOnly: arguments[0]}).then(found => done(found.violations), error => done(String(error)));";
const ALL: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/// Another scheme differs only in its colours.
const COLOURS: [&str; 1] = ["color-contrast"];

/// Returns the serious problems of the page.
async fn violations(browser: &Browser, rules: &[&str]) -> Vec<String> {
    browser.eval(&format!("{AXE}; return true")).await;
    let found = browser.eval_async(RUN, vec![json!(rules)]).await;
    let all = found.as_array().unwrap_or_else(|| panic!("axe did not run: {found}"));
    let is_serious = |violation: &&Value| matches!(violation["impact"].as_str(), Some("serious" | "critical"));
    let told = |violation: &Value| format!("{}: {}", violation["id"], violation["nodes"][0]["html"]);
    all.iter().filter(is_serious).map(told).collect()
}

#[tokio::test]
async fn no_page_has_a_serious_violation_of_the_accessibility_rules() {
    let Some((env, browser)) = on_the_console("accessibility").await else { return };
    let (refused, _) = env.refused_marking().await;
    let voided = env.issue_reported().await.document_id;
    env.api().post_voiding_to_its_end(&voided).await.ok_as(200);
    let stuck = env.issue_reported().await.document_id;
    env.refused_completion(&stuck).await;
    browser.open(&page_of(&stuck)).await;
    browser.find(".advice").await;
    let pages = [
        "/".to_owned(),
        "/?show=all".to_owned(),
        "/?text=nothing".to_owned(),
        page_of(&refused.document_id),
        page_of(&voided),
        page_of(&stuck),
        "/reports".to_owned(),
        "/processes/unknown".to_owned(),
    ];
    have_no_violations(&browser, &pages).await;
}

#[tokio::test]
async fn no_page_of_transfers_has_a_serious_violation_of_the_accessibility_rules() {
    let Some((_env, browser, pages)) = instances::pages("accessibility of transfers").await else { return };
    have_no_violations(&browser, &pages).await;
}

/// Checks the pages in light and in dark, on a desktop and on a phone.
async fn have_no_violations(browser: &Browser, pages: &[String]) {
    for (scheme, width, rules) in [("light", 1280, &ALL[..]), ("dark", 1280, &COLOURS), ("light", 375, &ALL)] {
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.devtools("Emulation.setEmulatedMedia", media).await;
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
        for path in pages {
            browser.open(path).await;
            browser.eval("document.querySelectorAll('details').forEach(d => d.open = true); return true").await;
            assert_eq!(violations(browser, rules).await, Vec::<String>::new(), "{path}, {scheme}, {width} px");
        }
    }
}
