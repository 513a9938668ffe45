//! The console in a real browser: headless Chromium, driven by chromedriver, on the running system.

mod accessible;
mod browser;
mod confirmations;
mod credit_changes;
mod failures;
mod forged;
mod hostile;
mod instances;
mod keyboard;
mod layout;
mod live;
mod no_script;
mod origin;
mod reach;
mod results;
mod selection;
mod transfers;
mod truth;
mod unavailable;

use messages::DocumentId;
use tests::{Component, Env, binaries, pass_over};

use self::browser::Browser;

/// Starts a whole system and a browser. If chromedriver is not installed, `test` is skipped, and the run says so.
async fn on_the_console(test: &str) -> Option<(Env, Browser)> {
    if !Browser::is_installed() {
        pass_over(test, "chromedriver");
        return None;
    }
    let env = Env::builder(binaries!()).start().await;
    let browser = Browser::start(&env.url(Component::Api)).await;
    Some((env, browser))
}

/// Returns the address of a process's page.
fn page_of(id: &DocumentId) -> String {
    format!("/processes/{id}")
}
