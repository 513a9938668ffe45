//! Ids and documents that no other test uses.

use messages::{
    AccountId, ContractId, CustomerId, DocumentId, Money, ProcessId,
    accounts::RequestMoneyTransfer,
    billing::{DocumentKind, IssueDocument},
};
use uuid::Uuid;

/// Returns a document id that is used once.
#[must_use]
pub fn document_id() -> DocumentId {
    unique("doc").parse().expect("a rule-abiding id")
}

/// Returns a customer id that is used once.
#[must_use]
pub fn customer_id() -> CustomerId {
    unique("cus").parse().expect("a rule-abiding id")
}

/// Returns a process id that Billing never made.
#[must_use]
pub fn process_id() -> ProcessId {
    Uuid::now_v7().to_string().parse().expect("a rule-abiding id")
}

/// Returns an account id that is used once.
#[must_use]
pub fn account_id() -> AccountId {
    unique("acc").parse().expect("a rule-abiding id")
}

/// Returns a contract id that is used once.
#[must_use]
pub fn contract_id() -> ContractId {
    unique("con").parse().expect("a rule-abiding id")
}

/// Returns a money transfer of `amount` EUR with its own id.
///
/// # Panics
/// Panics if `amount` is not an amount.
#[must_use]
pub fn transfer(from: &AccountId, to: &AccountId, amount: &str) -> RequestMoneyTransfer {
    RequestMoneyTransfer {
        transfer_id: Some(unique("tra").parse().expect("a rule-abiding id")),
        from: from.clone(),
        to: to.clone(),
        amount: euros(amount),
    }
}

/// Returns an amount of euros, such as `12.34`.
///
/// # Panics
/// Panics if it is not an amount.
#[must_use]
pub fn euros(amount: &str) -> Money {
    Money::parse(amount, "EUR").expect("an amount of euros")
}

/// Returns a text that is used once, such as an idempotency key.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", Uuid::now_v7().simple())
}

/// Returns an invoice of 12.34 EUR with its own id.
#[must_use]
pub fn invoice(customer_id: &CustomerId) -> IssueDocument {
    invoice_of(customer_id, "12.34")
}

/// Returns an invoice of `amount` EUR with its own id.
///
/// # Panics
/// Panics if `amount` is not an amount.
#[must_use]
pub fn invoice_of(customer_id: &CustomerId, amount: &str) -> IssueDocument {
    IssueDocument {
        document_id: Some(document_id()),
        customer_id: customer_id.clone(),
        kind: DocumentKind::Invoice,
        total: euros(amount),
    }
}
