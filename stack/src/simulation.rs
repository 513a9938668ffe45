//! The simulation: issues a document every few seconds, and moves money now and then.

mod documents;
mod transfers;

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{documents::Documents, transfers::Transfers};
use crate::http::client_builder;

const DOCUMENT_EVERY: Duration = Duration::from_secs(5);
const TRANSFER_EVERY: Duration = Duration::from_secs(15);
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
const PEOPLE: [&str; 3] = ["ada", "grace", "linus"];

/// URLs of the services.
pub(crate) struct Services {
    pub(crate) billing: Url,
    pub(crate) accounts: Url,
}

/// Runs until `shutdown`. Waits for a service that is unavailable.
///
/// # Errors
/// Returns an error if the HTTP client cannot be built or a service's URL cannot carry a path.
pub(crate) async fn run(services: Services, shutdown: CancellationToken) -> anyhow::Result<()> {
    let client = client_builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
    let documents = Documents::new(client.clone(), &services.billing)?;
    let transfers = Transfers::new(client, &services.accounts)?;
    let play = async {
        tokio::join!(
            repeat("Billing", DOCUMENT_EVERY, |number| documents.issue(number)),
            repeat("Accounts", TRANSFER_EVERY, |number| transfers.request(number)),
        )
    };
    shutdown.run_until_cancelled(play).await;
    Ok(())
}

/// Repeats an action and logs its result. Logs once that the service is unavailable. Never returns.
async fn repeat<F: Future<Output = anyhow::Result<String>>>(service: &str, every: Duration, act: impl Fn(usize) -> F) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unavailable = false;
    for number in 0.. {
        ticks.tick().await;
        match act(number).await {
            Ok(done) => {
                tracing::info!("simulation: {done}");
                unavailable = false;
            }
            Err(error) if !unavailable => {
                tracing::warn!("simulation: {service} is unavailable ({error:#}); waiting for it");
                unavailable = true;
            }
            Err(_) => (),
        }
    }
}
