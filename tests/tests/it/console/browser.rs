//! A browser for one test.

use std::{collections::BTreeMap, path::PathBuf};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tests::{Binaries, Process, Program, Turn, Turns, binaries, calls::http, eventually, free_port};

/// A browser keeps a core busy.
static BROWSERS: Turns = Turns::new(2);

/// Makes texts stay that a page shows only for some seconds, because a busy machine may look too late: the mark of a
/// copy (1.5 s in the console's scripts), and notices (12 s), which then are no longer in the way of a click.
const STAYS: &str = "(() => {
    const later = window.setTimeout;
    const pass = () => { document.getElementById('notices').style.pointerEvents = 'none'; };
    window.setTimeout = (task, after, ...rest) =>
        after === 1500 ? 0 : later(after === 12000 ? pass : task, after, ...rest);
})()";

/// Limit of a script and of the load of a page, in ms. It is for a browser that hangs.
const LIMIT: u32 = 120_000;

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 900;

/// Headless Chromium with a fresh profile; it ends with this value, whatever happens.
pub(super) struct Browser {
    client: Client,
    base: String,
    driver_url: String,
    _driver: Process,
    _profile: TempDir,
    _turn: Turn,
}

impl Browser {
    pub(super) fn is_installed() -> bool {
        chromedriver().is_some()
    }

    /// Starts a browser for the console at `base`.
    pub(super) async fn start(base: &str) -> Self {
        Self::start_with(base, &json!({})).await
    }

    /// Starts one that runs no script.
    pub(super) async fn without_javascript(base: &str) -> Self {
        Self::start_with(base, &json!({"profile.managed_default_content_settings.javascript": 2})).await
    }

    async fn start_with(base: &str, preferences: &Value) -> Self {
        let turn = BROWSERS.next().await;
        let profile = tempfile::tempdir().unwrap();
        let port = free_port();
        let driver = start_driver(&binaries!(), port, &profile);
        let driver_url = format!("http://127.0.0.1:{port}");
        let client = eventually("chromedriver starts a browser", async || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities(&profile, preferences));
            builder.connect(&driver_url).await.map_err(|error| error.to_string())
        })
        .await;
        client.set_window_size(WIDTH, HEIGHT).await.unwrap();
        let browser =
            Self { client, base: base.to_owned(), driver_url, _driver: driver, _profile: profile, _turn: turn };
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": STAYS})).await;
        browser
    }

    pub(super) async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Continues in a new window, beside the open ones.
    pub(super) async fn new_window(&self) {
        let window = self.client.new_window(false).await.unwrap();
        self.client.switch_to_window(window.handle).await.unwrap();
    }

    /// Returns path and query of the page.
    pub(super) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.base).unwrap().to_owned()
    }

    /// Returns the element, as soon as it is visible.
    pub(super) async fn find(&self, css: &str) -> Element {
        eventually(&format!("{css} is there"), async || {
            let element = self.client.find(Locator::Css(css)).await.map_err(|error| error.to_string())?;
            let is_shown = element.is_displayed().await.map_err(|error| error.to_string())?;
            if is_shown { Ok(element) } else { Err("it is hidden".to_owned()) }
        })
        .await
    }

    pub(super) async fn is_there(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Waits until there is no such element on the page.
    pub(super) async fn gone(&self, css: &str) {
        eventually(
            &format!("{css} is gone"),
            async || {
                if self.is_there(css).await { Err("it is there") } else { Ok(()) }
            },
        )
        .await;
    }

    /// Waits until the element shows this text.
    pub(super) async fn says(&self, css: &str, text: &str) {
        self.says_one_of(css, &[text]).await;
    }

    /// Waits until the element shows one of these texts.
    pub(super) async fn says_one_of(&self, css: &str, texts: &[&str]) {
        eventually(&format!("{css} says {}", texts.join(" or ")), async || {
            let element = self.client.find(Locator::Css(css)).await.map_err(|error| error.to_string())?;
            let seen = element.text().await.map_err(|error| error.to_string())?;
            if texts.iter().any(|text| seen.contains(text)) { Ok(()) } else { Err(seen) }
        })
        .await;
    }

    /// Clicks. An element that is replaced at that very moment is looked for again.
    pub(super) async fn click(&self, css: &str) {
        eventually(&format!("{css} can be clicked"), async || {
            self.find(css).await.click().await.map_err(|error| error.to_string())
        })
        .await;
    }

    pub(super) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Runs a script in the page.
    pub(super) async fn eval(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Does the same for a script that calls back its last argument.
    pub(super) async fn eval_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub(super) async fn press(&self, keys: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys.chars() {
            actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Sends a command of the DevTools protocol.
    pub(super) async fn devtools(&self, command: &str, parameters: Value) {
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/goog/cdp/execute", self.driver_url);
        let answer = http().post(url).json(&json!({"cmd": command, "params": parameters})).send().await.unwrap();
        assert!(answer.status().is_success(), "{command}: {answer:?}");
    }
}

fn chromedriver() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("chromedriver")).find(|program| program.is_file())
}

/// Starts the driver under the harness's supervisor, which ends the browser with it.
fn start_driver(binaries: &Binaries, port: u16, profile: &TempDir) -> Process {
    let home = profile.path().display().to_string();
    Process::start(&Program {
        supervisor: binaries.supervisor.clone(),
        path: chromedriver().unwrap(),
        arguments: vec![format!("--port={port}")],
        environment: BTreeMap::from([("HOME".to_owned(), home)]),
        log: profile.path().join("chromedriver.log"),
    })
}

fn capabilities(profile: &TempDir, preferences: &Value) -> Map<String, Value> {
    let profile = format!("--user-data-dir={}", profile.path().join("profile").display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        &profile,
    ];
    let options = json!({"args": arguments, "prefs": preferences});
    let logs = json!({"browser": "ALL"});
    let timeouts = json!({"script": LIMIT, "pageLoad": LIMIT});
    Map::from_iter([
        ("goog:chromeOptions".to_owned(), options),
        ("goog:loggingPrefs".to_owned(), logs),
        ("timeouts".to_owned(), timeouts),
    ])
}
