//! Many voidings at once, while everything goes wrong at random: afterwards all rules hold.

use std::time::Duration;

use futures::{StreamExt, future::join_all, stream};
use messages::{CustomerId, billing::Document};
use tests::{Env, Link, binaries, eventually, heavy, load, sample};

use super::{
    rain::{rain, stop},
    settled::{Settled, commands_carry_their_process, settled, the_same_everywhere},
};

/// Number of documents of each customer.
const EACH: usize = 5;
/// Time within which requests and publications begin.
const SPREAD: Duration = Duration::from_secs(6);

async fn at_random(spread: Duration) {
    let most = u64::try_from(spread.as_micros()).unwrap();
    tokio::time::sleep(Duration::from_micros(rand::random_range(0..most))).await;
}

async fn issue(env: &Env, count: usize) -> Vec<Document> {
    let customers: Vec<CustomerId> = (0..count / EACH).map(|_| sample::customer_id()).collect();
    let invoices = (0..count).map(|n| sample::invoice(&customers[n % customers.len()]));
    stream::iter(invoices).map(async |invoice| env.issue(&invoice).await).buffered(16).collect().await
}

/// Requests a voiding as a client would: repeatedly, under the same key, until there is an answer.
async fn request(env: &Env, document: &Document) {
    at_random(SPREAD).await;
    let api = env.api().key(sample::unique("key"));
    eventually("the voiding is accepted", async || {
        let answer = api.post_voiding(&document.document_id).await;
        if answer.answered(202) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
}

/// Publishes a report of the customer at a random time, and the next one at another.
async fn publish(env: &Env, document: &Document) {
    for _ in 0..2 {
        at_random(SPREAD).await;
        eventually("the report is published, if there is one", async || {
            let answer = env.reports().publish(&document.customer_id).await;
            if answer.answered(200) || answer.answered(404) { Ok(()) } else { Err(answer.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn many_voidings_among_random_faults_and_publications_keep_every_rule() {
    let (_turn, count) = (heavy().await, load(60, 200));
    let env = Env::builder(binaries!()).start().await;
    let documents = issue(&env, count).await;
    let links = [Link::WorkerToBilling, Link::WorkerToReports, Link::ApiToBilling];
    // The first report is published before any request, the second one never, so both ends occur.
    env.await_reported().await;
    publish(&env, &documents[0]).await;
    links.iter().for_each(|link| rain(env.proxy(*link)));
    let requests = join_all(documents.iter().map(|document| request(&env, document)));
    let publications = join_all(documents[2..count / EACH].iter().map(|document| publish(&env, document)));
    tokio::join!(requests, publications);
    links.iter().for_each(|link| stop(env.proxy(*link)));

    let mut voided = 0;
    for document in &documents {
        let id = &document.document_id;
        match eventually("voided, or waits visibly", async || settled(&env, id).await).await {
            Settled::Voided => voided += 1,
            Settled::Waits => {}
        }
    }
    assert!((1..count).contains(&voided), "both ends came to pass: {voided} of {count} voided");
    for document in &documents[..20] {
        let id = &document.document_id;
        eventually("all say the same", async || the_same_everywhere(&env, id).await).await;
    }
    commands_carry_their_process(&env);
    env.assert_consistent().await;
}
