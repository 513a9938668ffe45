//! Requests about credit ratings and contracts.

use rand::{Rng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::{Client, RATED, RATINGS, world::Thing};

/// Maximum number of contracts that a customer signs and confirms in one go.
const AT_ONCE: usize = 20;

impl Client {
    pub(super) async fn register(&mut self, customer: &str) {
        let body = json!({"customer_id": customer, "credit_rating": "A"});
        let request = self.command("register", "contracts", "/commands/register-customer", body);
        let _ = self.ask(request).await;
    }

    pub(super) async fn open_contract(&mut self) {
        let customer = RATED.choose(&mut self.rng).unwrap();
        self.open_contract_of(customer).await;
    }

    pub(super) async fn open_contract_of(&mut self, customer: &str) {
        let id = self.new_id("K");
        let body = json!({"contract_id": id, "customer_id": customer});
        let request = self.command("open-contract", "contracts", "/commands/open-contract", body);
        let _ = self.ask(request).await;
        self.world.add(Thing::Contract, id);
    }

    pub(super) async fn change_rating(&mut self) {
        let (customer, rating) = (RATED.choose(&mut self.rng).unwrap(), RATINGS.choose(&mut self.rng).unwrap());
        let body = json!({"customer_id": customer, "credit_rating": rating});
        let request = if self.rng.random_ratio(1, 3) {
            self.command("change-rating", "contracts", "/commands/change-customer-credit-rating", body)
        } else {
            let api = self.api();
            self.command("change-rating", api, "/credit-changes", body)
        };
        let _ = self.ask(request).await;
    }

    /// Lets a customer go through some of the contracts to be signed or confirmed.
    pub(super) async fn sign_and_confirm(&mut self) {
        let customer = RATED.choose(&mut self.rng).unwrap();
        let _ = self.finish_contracts(customer, AT_ONCE).await;
    }

    /// Signs and confirms up to this many contracts of the customer. Returns how many it has requested; `None` if
    /// Contracts did not list them.
    pub(crate) async fn finish_contracts(&mut self, customer: &str, most: usize) -> Option<usize> {
        let mut asked = 0;
        for (status, ops) in [("signed", &["reconfirm"][..]), ("pending", &["sign", "reconfirm"])] {
            let path = format!("/contracts?customer_id={customer}&status={status}&limit=200");
            let page = self.read("contracts", path).await?;
            let ids = page["items"].as_array()?.iter().filter_map(|item| item["contract_id"].as_str());
            let ids: Vec<String> = ids.map(str::to_owned).take(most - asked).collect();
            asked += ids.len();
            for id in ids {
                for op in ops {
                    self.of_contract(op, &id).await;
                }
            }
        }
        Some(asked)
    }

    async fn of_contract(&mut self, op: &str, id: &str) {
        let (op, path) = match op {
            "sign" => ("sign", "/commands/sign-contract"),
            "reconfirm" => ("reconfirm", "/commands/reconfirm-contract"),
            _ => ("terminate-contract", "/commands/terminate-contract"),
        };
        let request = self.command(op, "contracts", path, json!({"contract_id": id}));
        let _ = self.ask(request).await;
    }

    pub(super) async fn terminate_contract(&mut self) {
        if let Some(id) = self.world.any(Thing::Contract, &mut self.rng) {
            self.of_contract("terminate", &id).await;
        }
    }

    /// Lets an operator steer a credit change. A paused one is resumed at the end of the run at the latest.
    pub(super) async fn steer(&mut self) {
        let customer = RATED.choose(&mut self.rng).unwrap();
        let (instruction, body) = match self.rng.random_range(0..12) {
            0..3 => ("pause", json!({})),
            3..7 => ("resume", json!({})),
            7..9 => (
                "limits",
                json!({"in_flight": self.rng.random_range(1..20), "per_second": self.rng.random_range(5..50)}),
            ),
            9..11 => ("retry", json!({})),
            _ => ("cancel", json!({})),
        };
        let _ = self.instruct(customer, instruction, body).await;
    }

    pub(crate) async fn instruct(&mut self, customer: &str, instruction: &str, body: Value) -> Option<(u16, Value)> {
        let op = match instruction {
            "cancel" => "cancel-change",
            "pause" => "pause-change",
            _ => "steer-change",
        };
        let api = self.api();
        let request = self.command(op, api, format!("/credit-changes/{customer}/{instruction}"), body);
        self.ask(request).await
    }
}
