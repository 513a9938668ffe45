//! Requests about accounts and money transfers.

use rand::Rng;
use serde_json::json;

use super::{Client, world::Thing};

impl Client {
    pub(super) async fn open_account(&mut self) {
        let id = self.new_id("A");
        let amount = format!("{}.{:02}", self.rng.random_range(0..2_000), self.rng.random_range(0..100));
        let body = json!({"account_id": id, "initial_balance": {"amount": amount, "currency": "EUR"}});
        let request = self.command("open-account", "accounts", "/commands/open-account", body);
        let _ = self.ask(request).await;
        self.world.add(Thing::Account, id);
    }

    /// Requests a transfer. Some exceed the balance, some go to an account that nobody has opened.
    pub(super) async fn transfer(&mut self) {
        let (Some(from), Some(to)) =
            (self.world.any(Thing::Account, &mut self.rng), self.world.any(Thing::Account, &mut self.rng))
        else {
            return;
        };
        let id = self.new_id("T");
        let amount = format!("{}.{:02}", self.rng.random_range(0..700), self.rng.random_range(1..100));
        let body = json!({
            "transfer_id": id, "from": from, "to": to, "amount": {"amount": amount, "currency": "EUR"},
        });
        let request = self.command("transfer", "accounts", "/commands/request-money-transfer", body);
        let _ = self.ask(request).await;
        self.world.add(Thing::Transfer, id);
    }

    pub(super) async fn close_account(&mut self) {
        let Some(id) = self.world.any(Thing::Account, &mut self.rng) else { return };
        let request = self.command("close-account", "accounts", "/commands/close-account", json!({"account_id": id}));
        let _ = self.ask(request).await;
    }
}
