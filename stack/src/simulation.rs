//! The simulation: issues a document every few seconds, voids one and moves money now and then, publishes reports,
//! opens contracts, and makes failures for the operator to see. On request, credit ratings change as well.

mod contracts;
mod documents;
mod transfers;
mod voidings;

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{contracts::Contracts, documents::Documents, transfers::Transfers, voidings::Voidings};
use crate::http::client_builder;

const DOCUMENT_EVERY: Duration = Duration::from_secs(5);
const TRANSFER_EVERY: Duration = Duration::from_secs(15);
const CONTRACT_EVERY: Duration = Duration::from_secs(6);
const VOIDING_EVERY: Duration = Duration::from_secs(20);
/// Interval of the first rounds, so that the console soon has something to show.
const FIRST_ROUND_EVERY: Duration = Duration::from_secs(1);
/// Number of attempts in the first round of voidings; each may be too early for Reports.
const FIRST_VOIDINGS: usize = 12;
/// Number of transfers in the first round: they complete, are returned and fail.
const FIRST_TRANSFERS: usize = 4;
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
const PEOPLE: [&str; 3] = ["ada", "grace", "linus"];

/// URLs of the api and the services.
pub(crate) struct Services {
    pub(crate) api: Url,
    pub(crate) billing: Url,
    pub(crate) reports: Url,
    pub(crate) accounts: Url,
    pub(crate) contracts: Url,
}

/// Runs until `shutdown`. Waits for a service that is unavailable.
///
/// # Errors
/// Returns an error if the HTTP client cannot be built or a service's URL cannot carry a path.
pub(crate) async fn run(
    services: Services,
    with_credit_changes: bool,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let client = client_builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
    let documents = Documents::new(client.clone(), &services.billing)?;
    let voidings = Voidings::new(client.clone(), documents.clone(), &services.api, &services.reports)?;
    let transfers = Transfers::new(client.clone(), &services.accounts)?;
    let contracts = Contracts::new(client, &services.contracts, &services.api)?;
    let play = async {
        tokio::join!(
            repeat("Billing", DOCUMENT_EVERY, |number| documents.issue(number)),
            async {
                first_round(FIRST_VOIDINGS, |number| voidings.act(number)).await;
                repeat("the api or Reports", VOIDING_EVERY, |number| voidings.act(number)).await;
            },
            async {
                first_round(FIRST_TRANSFERS, |number| transfers.request(number)).await;
                repeat("Accounts", TRANSFER_EVERY, |number| transfers.request(number)).await;
            },
            async {
                until_done("Contracts", CONTRACT_EVERY, || contracts.open()).await;
                if with_credit_changes {
                    repeat("the api or Contracts", CONTRACT_EVERY, |number| contracts.act(number)).await;
                }
            },
        )
    };
    shutdown.run_until_cancelled(play).await;
    Ok(())
}

/// Acts this many times at a quick pace. Does not wait for services that are not there yet.
async fn first_round<F: Future<Output = anyhow::Result<String>>>(times: usize, act: impl Fn(usize) -> F) {
    for number in 0..times {
        match act(number).await {
            Ok(done) => tracing::info!("simulation: {done}"),
            Err(error) => tracing::debug!("simulation: {error:#}"),
        }
        tokio::time::sleep(FIRST_ROUND_EVERY).await;
    }
}

/// Acts until it succeeds once, and logs the result.
async fn until_done<F: Future<Output = anyhow::Result<String>>>(service: &str, every: Duration, act: impl Fn() -> F) {
    loop {
        match act().await {
            Ok(done) => return tracing::info!("simulation: {done}"),
            Err(error) => tracing::debug!("simulation: {service} is unavailable ({error:#})"),
        }
        tokio::time::sleep(every).await;
    }
}

/// Repeats an action and logs its result. Logs only once that the service is unavailable. Never returns.
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
