//! Waits until every program is ready.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use url::Url;

use crate::http::client_builder;

const ASK_EVERY: Duration = Duration::from_millis(100);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Polls `/readyz` of one program after the other until it answers 200.
///
/// # Errors
/// Returns an error that names the program that is not ready after a minute, with its last answer.
pub(crate) async fn wait_for(programs: &[(&'static str, Url)]) -> anyhow::Result<()> {
    let client = client_builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
    let deadline = Instant::now() + READY_WITHIN;
    for (name, url) in programs {
        let url = url.join("/readyz")?;
        loop {
            let answer = match client.get(url.clone()).send().await {
                Ok(response) if response.status().is_success() => break,
                Ok(response) => response.text().await.unwrap_or_else(|error| error.to_string()),
                Err(error) => error.to_string(),
            };
            anyhow::ensure!(Instant::now() < deadline, "{name} is not ready after a minute: {answer}");
            sleep(ASK_EVERY).await;
        }
    }
    Ok(())
}
