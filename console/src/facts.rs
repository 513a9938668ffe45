//! The facts about an instance of each process manager, from its state or from the event that began it.

use messages::{
    accounts::MoneyTransferRequested,
    confirmation::{Confirmation, ConfirmationState},
    contracts::{ContractCounts, ContractEvent, CreditRating, CustomerCreditRatingChanged},
};
use serde_json::Value;
use workflows::credit_change::{CreditChange, State};

use crate::fact::Fact;

/// Returns the facts about a money transfer.
pub(crate) fn transfer(value: &Value) -> Vec<Fact> {
    let Ok(requested) = serde_json::from_value::<MoneyTransferRequested>(value.clone()) else { return Vec::new() };
    let amount = format!("{} {}", requested.amount, requested.amount.currency.code());
    vec![
        Fact::new("Amount", amount),
        Fact::new("From", requested.from.to_string()),
        Fact::new("To", requested.to.to_string()),
    ]
}

/// Returns the facts about the confirmation of a contract.
pub(crate) fn confirmation(value: &Value) -> Vec<Fact> {
    let Ok(contract) = serde_json::from_value::<ContractEvent>(value.clone()) else { return Vec::new() };
    let mut facts = vec![Fact::new("Contract", contract.contract_id.to_string())];
    facts.push(Fact::new("Customer", contract.customer_id.to_string()));
    facts.extend(contract.credit_change_id.map(|change| Fact::new("Credit change", change.to_string())));
    if let Ok(it) = serde_json::from_value::<Confirmation>(value.clone()) {
        let awaited = match it.state {
            ConfirmationState::AwaitingSignature => "the signature",
            ConfirmationState::AwaitingConfirmation => "the confirmation",
        };
        facts.push(Fact::new("Waits for", awaited));
        facts.push(Fact::new("Reminders sent", it.reminders.to_string()));
        // Before the deadline, the timer shows it.
        facts.extend(it.is_overdue.then(|| Fact { at: Some(it.due_at), ..Fact::new("Deadline passed", "") }));
    }
    facts
}

/// Returns the facts about a credit change.
pub(crate) fn credit_change(value: &Value) -> Vec<Fact> {
    let told = serde_json::from_value::<CreditChange>(value.clone()).ok();
    let event = || serde_json::from_value::<CustomerCreditRatingChanged>(value.clone()).ok();
    let Some(change) = told.as_ref().and_then(|told| told.change.clone()).or_else(event) else { return Vec::new() };
    let rating = format!("{} → {}", rating(change.previous_credit_rating), rating(change.credit_rating));
    let mut facts = vec![
        Fact::new("Customer", change.customer_id.to_string()),
        Fact::new("Change", change.credit_change_id.to_string()),
        Fact::new("Credit rating", rating),
    ];
    if let Some(told) = told {
        let does = match told.state {
            State::Revoking => "revokes the contracts",
            State::AwaitingConfirmations => "waits until each contract is confirmed",
            State::Cancelling => "reinstates the contracts",
        };
        facts.push(Fact::new("Does", does));
        facts.extend(told.contracts.map(|counts| Fact::new("Counted last", counted(&counts))));
    }
    facts
}

fn counted(counts: &ContractCounts) -> String {
    let ContractCounts { untouched, pending, signed, confirmed, reinstated, terminated } = *counts;
    let all = [
        (untouched, "not revoked"),
        (pending, "pending"),
        (signed, "signed"),
        (confirmed, "confirmed"),
        (reinstated, "reinstated"),
        (terminated, "terminated"),
    ];
    let some: Vec<_> =
        all.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if some.is_empty() { "no contracts".to_owned() } else { some.join(", ") }
}

/// Returns a rating as it is written everywhere, such as `AAA`.
fn rating(rating: CreditRating) -> String {
    serde_json::to_value(rating).ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_transfer_tells_how_much_from_where_to_where() {
        let state = json!({
            "transfer_id": "t-1", "from": "a", "to": "b", "amount": {"amount": "1.50", "currency": "EUR"}
        });
        let facts = [("Amount", "1.50 EUR"), ("From", "a"), ("To", "b")].map(|(name, fact)| Fact::new(name, fact));
        assert_eq!(transfer(&state), facts);
        assert_eq!(transfer(&Value::Null), []);
    }

    #[test]
    fn a_confirmation_tells_whose_contract_waits_for_what() {
        let event = json!({"contract_id": "k", "customer_id": "ann", "credit_change_id": "x"});
        let names = |value: &Value| confirmation(value).into_iter().map(|fact| fact.name).collect::<Vec<_>>();
        assert_eq!(names(&event), ["Contract", "Customer", "Credit change"]);
        let state = json!({
            "contract_id": "k", "customer_id": "ann", "state": "awaiting-signature", "reminders": 2,
            "due_at": "2026-01-01T00:00:00Z", "is_overdue": true,
        });
        assert_eq!(names(&state), ["Contract", "Customer", "Waits for", "Reminders sent", "Deadline passed"]);
        assert_eq!(confirmation(&Value::Null), []);
    }

    #[test]
    fn a_credit_change_tells_of_whom_and_where_the_contracts_are() {
        let event = json!({
            "customer_id": "ann", "credit_change_id": "x", "credit_rating": "B", "previous_credit_rating": "AA"
        });
        let of_event = [("Customer", "ann"), ("Change", "x"), ("Credit rating", "AA → B")];
        let facts = of_event.map(|(name, text)| Fact::new(name, text));
        assert_eq!(credit_change(&event), facts);
        let change = serde_json::from_value(event).unwrap();
        let contracts = Some(ContractCounts { pending: 2, confirmed: 1, ..ContractCounts::default() });
        let state = CreditChange { change: Some(change), contracts, ..CreditChange::default() };
        let told = credit_change(&serde_json::to_value(&state).unwrap());
        assert_eq!(told[..3], facts);
        assert_eq!(told[3], Fact::new("Does", "revokes the contracts"));
        assert_eq!(told[4], Fact::new("Counted last", "2 pending, 1 confirmed"));
        assert_eq!(credit_change(&Value::Null), []);
        assert_eq!(credit_change(&serde_json::to_value(CreditChange::default()).unwrap()), []);
    }
}
