//! On a phone.

use serde_json::json;

use super::Browser;
use super::instances;
use super::on_the_console;
use super::page_of;

const PHONES: [u32; 2] = [320, 375];
const OVERFLOW: &str = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";

async fn be_a_phone(browser: &Browser, width: u32) {
    let screen = json!({"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": true});
    browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
}

#[tokio::test]
async fn a_phone_needs_no_horizontal_scrolling() {
    let Some((env, browser)) = on_the_console("phone width").await else { return };
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    fit(&browser, &["/".to_owned(), "/?text=nothing".to_owned(), page_of(id), "/reports".to_owned()]).await;
}

#[tokio::test]
async fn a_phone_needs_no_horizontal_scrolling_for_transfers() {
    let Some((_env, browser, pages)) = instances::pages("transfers at phone width").await else { return };
    fit(&browser, &pages).await;
}

async fn fit(browser: &Browser, pages: &[String]) {
    for width in PHONES {
        be_a_phone(browser, width).await;
        for path in pages {
            browser.open(path).await;
            browser.find("main h1").await;
            browser.eval("document.querySelectorAll('details').forEach(d => d.open = true); return true").await;
            assert_eq!(browser.eval(OVERFLOW).await, 0, "{path} at {width} px");
        }
    }
}
