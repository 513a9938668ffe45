//! Requests and signals that nobody can understand (V9).

use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::{Client, RATED, call::Request, world::Thing};

const PATHS: [(&str, &str); 6] = [
    ("billing", "/documents"),
    ("reports", "/commands/mark-document-as-voided"),
    ("accounts", "/commands/request-money-transfer"),
    ("contracts", "/commands/revoke-customer-contract"),
    ("api-1", "/voidings"),
    ("api-2", "/credit-changes"),
];

impl Client {
    pub(super) async fn send_malformed_request(&mut self) {
        let (target, path) = *PATHS.choose(&mut self.rng).unwrap();
        let bodies = [json!([1]), json!({"document_id": "a b"}), json!({}), json!("x"), json!({"customer_id": 7})];
        let body = bodies.choose(&mut self.rng).unwrap().clone();
        let request = self.command("malformed", target, path, body);
        let _ = self.ask(request).await;
    }

    /// Sends it to a run of any kind, whether it exists or not.
    pub(super) async fn send_malformed_signal(&mut self) {
        let customer = RATED.choose(&mut self.rng).unwrap();
        let some = |thing, client: &mut Self| client.world.late(thing, &mut client.rng).unwrap_or_default();
        let (workflow, signal) = match [0, 1, 2, 3].choose(&mut self.rng).unwrap() {
            0 => (format!("voiding-{}", some(Thing::Document, self)), "acknowledge_failure"),
            1 => (format!("TransferMoney-{}", some(Thing::Transfer, self)), "deliver"),
            2 => (format!("ContractConfirmation-{}", some(Thing::Contract, self)), "instruct"),
            _ => (format!("CreditChange-{customer}"), "instruct"),
        };
        // An object without a known field is an acknowledgement, so none of these is an object.
        let inputs = [json!([[1]]), json!([{"note": 7}, {}]), json!([{"type": 7, "note": []}]), json!(["\u{0}"])];
        let input: Value = inputs.choose(&mut self.rng).unwrap().clone();
        let path = format!("/workflows/{workflow}/signal/{signal}");
        let body = Some(json!({"input": input}));
        let (op, target) = ("malformed-signal", "temporal");
        let _ = self.ask(Request { op, target, path, key: None, body, is_read: false, tries: 1 }).await;
    }
}
