//! Clients that send requests at random, and record the answers.

mod call;
mod contracts;
mod money;
mod noise;
mod voidings;
mod world;

use std::{sync::Arc, time::Duration};

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::call::Request;
pub(crate) use self::{call::Addresses, world::World};
use crate::{history::History, plan::Plan};

const CUSTOMERS: [&str; 6] = ["ada", "ben", "cem", "dia", "eva", "fay"];
/// Customers with contracts. Every second one does at the end whatever is requested of it.
pub(crate) const RATED: [&str; 6] = ["gil", "hal", "ivy", "jan", "kim", "leo"];
const RATINGS: [&str; 10] = ["AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D"];

/// One client.
pub(crate) struct Client {
    number: usize,
    rng: StdRng,
    world: Arc<World>,
    addresses: Arc<Addresses>,
    history: Arc<History>,
    made: u64,
}

impl Client {
    pub(crate) fn new(
        number: usize,
        plan: &Plan,
        world: &Arc<World>,
        addresses: &Arc<Addresses>,
        history: &Arc<History>,
    ) -> Self {
        let rng = plan.rng(100 + u64::try_from(number).unwrap());
        let (world, addresses, history) = (Arc::clone(world), Arc::clone(addresses), Arc::clone(history));
        Self { number, rng, world, addresses, history, made: 0 }
    }

    /// Creates the subjects of the requests: accounts, customers and some contracts.
    pub(crate) async fn prepare(&mut self, contracts: usize) {
        for _ in 0..8 {
            self.open_account().await;
        }
        for customer in RATED {
            self.register(customer).await;
            for _ in 0..contracts {
                self.open_contract_of(customer).await;
            }
        }
    }

    /// Sends requests until the time is over.
    pub(crate) async fn work(mut self, until: Instant, pause: Duration) {
        while Instant::now() < until {
            self.one().await;
            tokio::time::sleep(pause.mul_f64(self.rng.random_range(0.2..1.8))).await;
        }
    }

    async fn one(&mut self) {
        match self.rng.random_range(0..100) {
            0..20 => self.issue().await,
            20..38 => self.void().await,
            38..41 => self.publish().await,
            41..47 => self.acknowledge().await,
            47..49 => self.retry().await,
            49..51 => self.end_run().await,
            51..53 => self.open_account().await,
            53..69 => self.transfer().await,
            69 => self.close_account().await,
            70..73 => self.open_contract().await,
            73..77 => self.change_rating().await,
            77..89 => self.sign_and_confirm().await,
            89 => self.terminate_contract().await,
            90..94 => self.steer().await,
            94..97 => self.send_malformed_request().await,
            _ => self.send_malformed_signal().await,
        }
    }

    /// Returns an id that nobody else makes in this run.
    fn new_id(&mut self, of: &str) -> String {
        self.made += 1;
        format!("{of}-{}-{}", self.number, self.made)
    }

    fn api(&mut self) -> &'static str {
        ["api-1", "api-2"].choose(&mut self.rng).unwrap()
    }

    /// Returns a request with its own key, and with some patience.
    fn command(&mut self, op: &'static str, target: &'static str, path: impl Into<String>, body: Value) -> Request {
        let key = self.new_id("key");
        let tries = if self.rng.random_ratio(1, 8) { 1 } else { self.rng.random_range(4..12) };
        Request { op, target, path: path.into(), key: Some(key), body: Some(body), is_read: false, tries }
    }

    async fn ask(&mut self, request: Request) -> Option<(u16, Value)> {
        let client = json!(self.number);
        self.addresses.call(&self.history, client, request).await
    }

    async fn read(&mut self, target: &'static str, path: impl Into<String>) -> Option<Value> {
        let path = path.into();
        let request = Request { op: "read", target, path, key: None, body: None, is_read: true, tries: 2 };
        self.ask(request).await.filter(|(status, _)| *status == 200).map(|(_, body)| body)
    }
}
