//! The simulation: issues a document every few seconds, voids one and moves money now and then, publishes reports, and
//! makes a failure for the operator to see.

mod documents;
mod transfers;
mod voidings;

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{documents::Documents, transfers::Transfers, voidings::Voidings};
use crate::http::client_builder;

const DOCUMENT_EVERY: Duration = Duration::from_secs(5);
const TRANSFER_EVERY: Duration = Duration::from_secs(15);
const VOIDING_EVERY: Duration = Duration::from_secs(20);
/// Pace of the first round of voidings, so that the console soon has something to show.
const FIRST_ROUND_EVERY: Duration = Duration::from_secs(1);
/// Attempts of the first round, each of which may come too early for Reports.
const FIRST_ROUND: usize = 12;
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
const PEOPLE: [&str; 3] = ["ada", "grace", "linus"];

/// URLs of the api and the services.
pub(crate) struct Services {
    pub(crate) api: Url,
    pub(crate) billing: Url,
    pub(crate) reports: Url,
    pub(crate) accounts: Url,
}

/// Runs until `shutdown`. Waits for a service that is unavailable.
///
/// # Errors
/// Returns an error if the HTTP client cannot be built or a service's URL cannot carry a path.
pub(crate) async fn run(services: Services, shutdown: CancellationToken) -> anyhow::Result<()> {
    let client = client_builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
    let documents = Documents::new(client.clone(), &services.billing)?;
    let voidings = Voidings::new(client.clone(), documents.clone(), &services.api, &services.reports)?;
    let transfers = Transfers::new(client, &services.accounts)?;
    let play = async {
        tokio::join!(
            repeat("Billing", DOCUMENT_EVERY, |number| documents.issue(number)),
            async {
                first_round(&voidings).await;
                repeat("the api or Reports", VOIDING_EVERY, |number| voidings.act(number)).await;
            },
            repeat("Accounts", TRANSFER_EVERY, |number| transfers.request(number)),
        )
    };
    shutdown.run_until_cancelled(play).await;
    Ok(())
}

/// Voids a document, publishes a report and voids too late, as soon as Reports has what that needs.
async fn first_round(voidings: &Voidings) {
    for number in 0..FIRST_ROUND {
        match voidings.act(number).await {
            Ok(done) => tracing::info!("simulation: {done}"),
            Err(error) => tracing::debug!("simulation: {error:#}"),
        }
        tokio::time::sleep(FIRST_ROUND_EVERY).await;
    }
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
