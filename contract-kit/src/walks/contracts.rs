//! Contracts: one is revoked by three changes of the credit rating, others are reinstated and terminated.

use serde_json::json;

use crate::{
    http::Stop,
    rules::{CONTRACT_LISTS, CONTRACT_REFUSALS, CONTRACT_STEPS, RATING, REFUSAL_NOT_KEPT, REMIND, REVOKE_TABLE},
    session::{Command, Sent, Session},
};

const REVOKED: &str = "CustomerContractRevoked";

/// The customer of the walk, and the contracts.
struct Walk {
    customer: String,
    /// Revoked by each change.
    contract: String,
    /// Reinstated, then terminated.
    other: String,
}

pub(crate) async fn walk(session: &mut Session) -> Result<(), Stop> {
    let walk = begin(session).await?;
    let first = walk.change(session, "B").await?;
    let sent = walk.revoke(session, &walk.contract, &first).await?;
    session.check_fields(REVOKE_TABLE, &sent, &json!({"status": "pending", "credit_change_id": first}));
    session.accept(REVOKE_TABLE, &of_change("revoke-customer-contract", &walk.contract, &first), 200).await?;

    let second = walk.change(session, "C").await?;
    let command = of_change("revoke-customer-contract", &walk.contract, &second);
    let sent = session.accept(REVOKE_TABLE, &command, 200).await?;
    session.check_fields(REVOKE_TABLE, &sent, &json!({"status": "pending", "credit_change_id": second}));
    walk.step(session, "sign", "ContractSigned", "signed").await?;

    let third = walk.change(session, "D").await?;
    let sent = walk.revoke(session, &walk.contract, &third).await?;
    session.check_fields(REVOKE_TABLE, &sent, &json!({"status": "pending", "credit_change_id": third}));
    // A late command of an older change.
    let sent =
        session.accept(REVOKE_TABLE, &of_change("revoke-customer-contract", &walk.contract, &first), 200).await?;
    session.check_fields(REVOKE_TABLE, &sent, &json!({"status": "pending", "credit_change_id": third}));

    walk.lists(session, &third).await?;
    walk.reminders(session, &third).await?;
    walk.confirm(session, &third).await?;
    walk.end(session, &third).await
}

async fn begin(session: &mut Session) -> Result<Walk, Stop> {
    let walk =
        Walk { customer: session.id("customer"), contract: session.id("contract"), other: session.id("contract") };
    let open =
        |contract: &str| Command::new("open-contract", json!({"contract_id": contract, "customer_id": walk.customer}));
    let refused = session.refuse(CONTRACT_REFUSALS, &open(&walk.contract), (404, "customer-not-found")).await?;
    let register = json!({"customer_id": walk.customer, "credit_rating": "A"});
    let event = ("CustomerRegistered", walk.customer.as_str(), None);
    session.record(RATING, &Command::new("register-customer", register), 201, event).await?;
    let again = session.send_prepared(refused).await?;
    session.check(REFUSAL_NOT_KEPT, &again, again.reply.is_success(), "201, as the customer is there by now");
    let opened = if again.reply.is_success() { again } else { session.send(&open(&walk.contract)).await? };
    let opened = session.accepted(CONTRACT_STEPS, opened, 201).await?;
    session.expect("ContractOpened", &walk.contract, None, &opened);
    let event = ("ContractOpened", walk.other.as_str(), None);
    session.record(CONTRACT_STEPS, &open(&walk.other), 201, event).await?;
    Ok(walk)
}

/// Returns a command to revoke or reinstate.
fn of_change(name: &str, contract: &str, change: &str) -> Command {
    Command::new(name, json!({"contract_id": contract, "credit_change_id": change}))
}

fn remind(contract: &str, change: &str, reminder: u32) -> Command {
    let body = json!({"contract_id": contract, "credit_change_id": change, "reminder": reminder});
    Command::new("remind-customer", body)
}

fn one(name: &str, contract: &str) -> Command {
    Command::new(&format!("{name}-contract"), json!({"contract_id": contract}))
}

impl Walk {
    async fn change(&self, session: &mut Session, rating: &str) -> Result<String, Stop> {
        let body = json!({"customer_id": self.customer, "credit_rating": rating});
        let command = Command::new("change-customer-credit-rating", body);
        let event = ("CustomerCreditRatingChanged", self.customer.as_str(), None);
        let sent = session.record(RATING, &command, 202, event).await?;
        session.check_fields(RATING, &sent, &command.body);
        session.refuse(RATING, &command, (409, "credit-rating-unchanged")).await?;
        let change = sent.reply.body["credit_change_id"].as_str().filter(|id| !id.is_empty());
        change.map(str::to_owned).ok_or_else(|| Stop("a change was answered without credit_change_id".to_owned()))
    }

    /// Sends a revocation that takes effect.
    async fn revoke(&self, session: &mut Session, contract: &str, change: &str) -> Result<Sent, Stop> {
        let command = of_change("revoke-customer-contract", contract, change);
        session.record(REVOKE_TABLE, &command, 200, (REVOKED, contract, None)).await
    }

    /// Sends a step of the contract. Repeating it has no effect.
    async fn step(&self, session: &mut Session, name: &str, event: &'static str, status: &str) -> Result<(), Stop> {
        let command = one(name, &self.contract);
        let sent = session.record(CONTRACT_STEPS, &command, 200, (event, &self.contract, None)).await?;
        session.check_fields(CONTRACT_STEPS, &sent, &json!({"contract_id": self.contract, "status": status}));
        session.accept(CONTRACT_STEPS, &command, 200).await?;
        Ok(())
    }

    /// Checks the lists. The change has not touched the other contract, and does not affect one that is opened now.
    async fn lists(&self, session: &mut Session, change: &str) -> Result<(), Stop> {
        let seen = session.get(CONTRACT_LISTS, &format!("/credit-changes/{change}")).await?;
        let counts =
            json!({"pending": 1, "signed": 0, "confirmed": 0, "reinstated": 0, "terminated": 0, "untouched": 1});
        let fields = json!({"customer_id": self.customer, "credit_rating": "D", "previous_credit_rating": "C", "contracts": counts});
        session.check_fields(CONTRACT_LISTS, &seen, &fields);
        let position = seen.reply.body["position"].as_i64().unwrap_or_default();
        let event = session.page(position.max(1) - 1, 1).await?;
        let is_its_event = event.first().is_some_and(|entry| entry.event["data"]["credit_change_id"] == change);
        session.check(CONTRACT_LISTS, &seen, is_its_event, "the position of its event in the log");

        let late = session.id("contract");
        let open = Command::new("open-contract", json!({"contract_id": late, "customer_id": self.customer}));
        session.record(CONTRACT_STEPS, &open, 201, ("ContractOpened", &late, None)).await?;
        let revoke = of_change("revoke-customer-contract", &late, change);
        session.refuse(CONTRACT_REFUSALS, &revoke, (409, "contract-not-affected")).await?;
        let customer = &self.customer;
        for (filter, expected) in [
            (format!("opened_up_to={position}"), vec![&self.contract, &self.other]),
            (format!("credit_change_id={change}"), vec![&self.contract]),
            ("status=active".to_owned(), vec![&self.other, &late]),
        ] {
            let seen = session.get(CONTRACT_LISTS, &format!("/contracts?customer_id={customer}&{filter}")).await?;
            let items = seen.reply.body["items"].as_array().cloned().unwrap_or_default();
            let mut found: Vec<_> = items.iter().filter_map(|item| item["contract_id"].as_str()).collect();
            found.sort_unstable();
            let mut wanted: Vec<_> = expected.into_iter().map(String::as_str).collect();
            wanted.sort_unstable();
            session.check(CONTRACT_LISTS, &seen, found == wanted, &format!("the contracts {}", wanted.join(", ")));
        }
        Ok(())
    }

    async fn reminders(&self, session: &mut Session, change: &str) -> Result<(), Stop> {
        for reminder in [1, 2] {
            let command = remind(&self.contract, change, reminder);
            let event = ("CustomerReminded", self.contract.as_str(), None);
            session.record(REMIND, &command, 200, event).await?;
            session.accept(REMIND, &command, 200).await?;
        }
        let untouched = remind(&self.other, change, 1);
        session.refuse(REMIND, &untouched, (409, "contract-not-pending")).await?;
        Ok(())
    }

    async fn confirm(&self, session: &mut Session, change: &str) -> Result<(), Stop> {
        let reconfirm = one("reconfirm", &self.contract);
        session.refuse(CONTRACT_REFUSALS, &reconfirm, (409, "contract-not-signed")).await?;
        self.step(session, "sign", "ContractSigned", "signed").await?;
        self.step(session, "reconfirm", "CustomerContractReconfirmed", "active").await?;
        session.refuse(CONTRACT_REFUSALS, &one("sign", &self.contract), (409, "contract-not-pending")).await?;
        session.refuse(REMIND, &remind(&self.contract, change, 3), (409, "contract-not-pending")).await?;
        let sent =
            session.accept(CONTRACT_STEPS, &of_change("reinstate-contract", &self.contract, change), 200).await?;
        session.check_fields(CONTRACT_STEPS, &sent, &json!({"status": "active", "reinstated_at": null}));
        Ok(())
    }

    async fn end(&self, session: &mut Session, change: &str) -> Result<(), Stop> {
        self.revoke(session, &self.other, change).await?;
        let reinstate = of_change("reinstate-contract", &self.other, change);
        let event = ("ContractReinstated", self.other.as_str(), None);
        let sent = session.record(CONTRACT_STEPS, &reinstate, 200, event).await?;
        session.check_fields(CONTRACT_STEPS, &sent, &json!({"status": "active"}));
        session.accept(CONTRACT_STEPS, &reinstate, 200).await?;
        let event = ("ContractTerminated", self.other.as_str(), None);
        session.record(CONTRACT_STEPS, &one("terminate", &self.other), 200, event).await?;
        session.accept(CONTRACT_STEPS, &one("terminate", &self.other), 200).await?;
        let revoke = of_change("revoke-customer-contract", &self.other, change);
        session.refuse(CONTRACT_REFUSALS, &revoke, (409, "contract-terminated")).await?;
        let unknown = session.id("contract");
        for name in ["sign", "reconfirm", "terminate"] {
            session.refuse(CONTRACT_REFUSALS, &one(name, &unknown), (404, "contract-not-found")).await?;
        }
        let revoke = of_change("revoke-customer-contract", &self.contract, &unknown);
        session.refuse(CONTRACT_REFUSALS, &revoke, (404, "credit-change-not-found")).await?;
        Ok(())
    }
}
