//! Many voidings at once, while everything goes wrong at random: afterwards all rules hold.

mod faults;
mod settled;

use std::time::Duration;

use futures::{StreamExt, future::join_all, stream};
use messages::{CustomerId, billing::Document};
use tests::{Env, Link, binaries, eventually, sample};

use self::{
    faults::{rain, stop},
    settled::{Settled, commands_carry_their_process, settled, the_same_everywhere},
};

const DOCUMENTS: usize = 200;
const CUSTOMERS: usize = 40;
/// Requests and publications begin within this time.
const SPREAD: Duration = Duration::from_secs(6);
/// For all voidings to settle, on a busy machine.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

async fn at_random(spread: Duration) {
    let most = u64::try_from(spread.as_micros()).unwrap();
    tokio::time::sleep(Duration::from_micros(rand::random_range(0..most))).await;
}

async fn issue(env: &Env) -> Vec<Document> {
    let customers: Vec<CustomerId> = (0..CUSTOMERS).map(|_| sample::customer_id()).collect();
    let invoices = (0..DOCUMENTS).map(|n| sample::invoice(&customers[n % CUSTOMERS]));
    stream::iter(invoices).map(async |invoice| env.billing().issue(&invoice).await.ok()).buffered(16).collect().await
}

/// As a client would: again, under the same key, until there is an answer.
async fn request(env: &Env, document: &Document) {
    at_random(SPREAD).await;
    let api = env.api().key(sample::unique("key"));
    eventually(SETTLED_WITHIN, "the voiding is accepted", async || {
        let answer = api.post_voiding(&document.document_id).await;
        if answer.answered(202) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
}

/// Each customer's report is published at some time, and the next one at another.
async fn publish(env: &Env, document: &Document) {
    for _ in 0..2 {
        at_random(SPREAD).await;
        eventually(SETTLED_WITHIN, "the report is published, if there is one", async || {
            let answer = env.reports().publish(&document.customer_id).await;
            if answer.answered(200) || answer.answered(404) { Ok(()) } else { Err(answer.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn two_hundred_voidings_among_random_faults_and_publications_keep_every_rule() {
    let env = Env::builder(binaries!()).start().await;
    let documents = issue(&env).await;
    let links = [Link::WorkerToBilling, Link::WorkerToReports, Link::ApiToBilling];
    links.iter().for_each(|link| rain(env.proxy(*link)));
    let requests = join_all(documents.iter().map(|document| request(&env, document)));
    let publications = join_all(documents[..CUSTOMERS].iter().map(|document| publish(&env, document)));
    tokio::join!(requests, publications);
    links.iter().for_each(|link| stop(env.proxy(*link)));

    let mut voided = 0;
    for document in &documents {
        let id = &document.document_id;
        match eventually(SETTLED_WITHIN, "voided, or waits visibly", async || settled(&env, id).await).await {
            Settled::Voided => voided += 1,
            Settled::Waits => {}
        }
    }
    assert!((1..DOCUMENTS).contains(&voided), "both ends came to pass: {voided} of {DOCUMENTS} voided");
    for document in &documents[..20] {
        let id = &document.document_id;
        eventually(SETTLED_WITHIN, "all say the same", async || the_same_everywhere(&env, id).await).await;
    }
    commands_carry_their_process(&env);
    env.assert_consistent().await;
}
