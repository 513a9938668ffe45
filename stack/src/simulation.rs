//! The show: somebody issues a document every few seconds, and now and then somebody moves money.

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

/// Where the services are that the show is played on.
pub(crate) struct Services {
    pub(crate) billing: Url,
    pub(crate) accounts: Url,
}

/// Plays until `shutdown`. While a service is away, the show waits for it.
///
/// # Errors
/// When there is no HTTP client or a service's address cannot be extended.
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

/// Does it again and again, and says what was done; that a service is away, once. Never ends.
async fn repeat<F: Future<Output = anyhow::Result<String>>>(service: &str, every: Duration, act: impl Fn(usize) -> F) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut away = false;
    for number in 0.. {
        ticks.tick().await;
        match act(number).await {
            Ok(done) => {
                tracing::info!("simulation: {done}");
                away = false;
            }
            Err(error) if !away => {
                tracing::warn!("simulation: {service} does nothing ({error:#}); waiting for it");
                away = true;
            }
            Err(_) => (),
        }
    }
}
