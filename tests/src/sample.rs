//! Ids and documents that no other test has.

use messages::{
    AccountId, ContractId, CustomerId, DocumentId, Money, ProcessId,
    accounts::RequestMoneyTransfer,
    billing::{DocumentKind, IssueDocument},
};
use uuid::Uuid;

/// A document id that is used once.
#[must_use]
pub fn document_id() -> DocumentId {
    unique("doc").parse().expect("a rule-abiding id")
}

/// A customer id that is used once.
#[must_use]
pub fn customer_id() -> CustomerId {
    unique("cus").parse().expect("a rule-abiding id")
}

/// A process id that Billing never made.
#[must_use]
pub fn process_id() -> ProcessId {
    Uuid::now_v7().to_string().parse().expect("a rule-abiding id")
}

/// An account id that is used once.
#[must_use]
pub fn account_id() -> AccountId {
    unique("acc").parse().expect("a rule-abiding id")
}

/// A contract id that is used once.
#[must_use]
pub fn contract_id() -> ContractId {
    unique("con").parse().expect("a rule-abiding id")
}

/// A money transfer of `amount` EUR with an id of its own.
///
/// # Panics
/// Panics if `amount` is none.
#[must_use]
pub fn transfer(from: &AccountId, to: &AccountId, amount: &str) -> RequestMoneyTransfer {
    RequestMoneyTransfer {
        transfer_id: Some(unique("tra").parse().expect("a rule-abiding id")),
        from: from.clone(),
        to: to.clone(),
        amount: euros(amount),
    }
}

/// An amount of euros, such as `12.34`.
///
/// # Panics
/// Panics if it is none.
#[must_use]
pub fn euros(amount: &str) -> Money {
    Money::parse(amount, "EUR").expect("an amount of euros")
}

/// A text that is used once, such as an idempotency key.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", Uuid::now_v7().simple())
}

/// An invoice of 12.34 EUR with an id of its own.
#[must_use]
pub fn invoice(customer_id: &CustomerId) -> IssueDocument {
    invoice_of(customer_id, "12.34")
}

/// An invoice of `amount` EUR with an id of its own.
///
/// # Panics
/// Panics if `amount` is none.
#[must_use]
pub fn invoice_of(customer_id: &CustomerId, amount: &str) -> IssueDocument {
    IssueDocument {
        document_id: Some(document_id()),
        customer_id: customer_id.clone(),
        kind: DocumentKind::Invoice,
        total: euros(amount),
    }
}
