//! Requests about documents and their voidings.

use rand::{Rng, seq::IndexedRandom};
use serde_json::json;

use super::{CUSTOMERS, Client, call::Request, world::Thing};

impl Client {
    pub(super) async fn issue(&mut self) {
        let id = self.new_id("D");
        let (currency, decimals) = *[("EUR", 100), ("EUR", 100), ("JPY", 1)].choose(&mut self.rng).unwrap();
        let minor: i64 = self.rng.random_range(1..100_000);
        let amount =
            if decimals == 1 { minor.to_string() } else { format!("{}.{:02}", minor / decimals, minor % decimals) };
        let kind = ["invoice", "receipt", "credit-note"].choose(&mut self.rng).unwrap();
        let customer = CUSTOMERS.choose(&mut self.rng).unwrap();
        let body = json!({
            "document_id": id, "customer_id": customer, "kind": kind,
            "total": {"amount": amount, "currency": currency},
        });
        let request = self.command("issue", "billing", "/documents", body);
        let _ = self.ask(request).await;
        self.world.add(Thing::Document, id);
    }

    pub(super) async fn void(&mut self) {
        let is_late = self.rng.random_ratio(3, 4);
        let id = match is_late {
            true => self.world.late(Thing::Document, &mut self.rng),
            false => self.world.any(Thing::Document, &mut self.rng),
        };
        let Some(id) = id else { return };
        let body = json!({"document_id": id});
        let request = if self.rng.random_ratio(1, 5) {
            self.command("void", "billing", "/commands/void-document", body)
        } else {
            let api = self.api();
            self.command("void", api, "/voidings", body)
        };
        let _ = self.ask(request).await;
    }

    pub(super) async fn publish(&mut self) {
        let customer = CUSTOMERS.choose(&mut self.rng).unwrap();
        let request = self.command("publish", "reports", "/commands/publish-report", json!({"customer_id": customer}));
        let _ = self.ask(request).await;
    }

    /// Acknowledges mostly a voiding that waits for it, sometimes any.
    pub(super) async fn acknowledge(&mut self) {
        let api = self.api();
        let listed = self.read(api, "/voidings?state=marking-document-as-voided-failed&open=true&limit=50").await;
        let waiting = listed.as_ref().and_then(|page| page["items"].as_array());
        let waiting = waiting.and_then(|items| items.choose(&mut self.rng));
        let waiting = waiting.and_then(|item| item["document_id"].as_str()).map(str::to_owned);
        let any = self.world.any(Thing::Document, &mut self.rng);
        let is_any = self.rng.random_ratio(1, 6);
        let Some(id) = (if is_any { any } else { waiting }) else { return };
        let by = format!("client {}", self.number);
        let body = json!({"acknowledged_by": by, "note": "seen"});
        let request = self.command("acknowledge", api, format!("/voidings/{id}/acknowledgement"), body);
        let _ = self.ask(request).await;
    }

    pub(super) async fn retry(&mut self) {
        let Some(id) = self.world.any(Thing::Document, &mut self.rng) else { return };
        let api = self.api();
        let request = self.command("retry", api, format!("/voidings/{id}/retry"), json!({}));
        let _ = self.ask(request).await;
    }

    /// Lets an operator end the run of a voiding by hand, which nobody should do: it has to come back.
    pub(super) async fn end_run(&mut self) {
        let Some(id) = self.world.late(Thing::Document, &mut self.rng) else { return };
        let how = ["terminate", "cancel"].choose(&mut self.rng).unwrap();
        let path = format!("/workflows/voiding-{id}/{how}");
        let body = Some(json!({"reason": "chaos"}));
        let (op, target) = ("end-run", "temporal");
        let _ = self.ask(Request { op, target, path, key: None, body, is_read: false, tries: 1 }).await;
    }
}
