//! The addresses of the console.

use messages::{ContractId, CustomerId, DocumentId};

/// The processes.
pub(crate) const PROCESSES: &str = "/";
/// The pages of one process each.
pub(crate) const PROCESS: &str = "/processes/{document_id}";
/// All processes that need attention, or that are retried automatically.
pub(crate) const ATTENTION: &str = "/attention";
pub(crate) const RETRYING: &str = "/attention?show=retrying";
/// Reports and documents.
pub(crate) const REPORTS: &str = "/reports";
/// The events that notify a page that it is out of date.
pub(crate) const EVENTS: &str = "/console/events";
/// Targets of the forms.
pub(crate) const ACKNOWLEDGE: &str = "/console/acknowledge";
pub(crate) const RETRY: &str = "/console/retry";
pub(crate) const ACKNOWLEDGE_INSTANCE: &str = "/console/instance/acknowledge";
pub(crate) const RETRY_INSTANCE: &str = "/console/instance/retry";
pub(crate) const INSTRUCT_INSTANCE: &str = "/console/instance/instruct";
pub(crate) const STEER_CREDIT_CHANGE: &str = "/console/credit-change";
pub(crate) const SELECTION: &str = "/console/selection";
pub(crate) const VOID: &str = "/console/void";
pub(crate) const PUBLISH: &str = "/console/publish";
pub(crate) const ISSUE: &str = "/console/issue";
/// The documentation of the REST API.
pub(crate) const REST: &str = "/docs/";

/// Returns the address of a process's page.
pub(crate) fn process(document_id: &DocumentId) -> String {
    format!("/processes/{document_id}")
}

/// Returns the address of the page of a process that has ended.
pub(crate) fn ended_process(document_id: &DocumentId, process_id: &str) -> String {
    format!("{}?process={process_id}", process(document_id))
}

/// Returns the address of a voiding in the REST API.
pub(crate) fn voiding(document_id: &DocumentId) -> String {
    format!("/voidings/{document_id}")
}

/// Returns the address of a customer's reports and documents.
pub(crate) fn reports_of(customer: &impl std::fmt::Display) -> String {
    format!("{REPORTS}?customer_id={customer}")
}

/// Returns the address in the REST API of the contracts of a credit change with one status.
pub(crate) fn contracts_of_change(customer_id: &CustomerId, status: &str) -> String {
    format!("/credit-changes/{customer_id}/contracts?status={status}")
}

/// Returns the address of the page of a contract's confirmation.
pub(crate) fn confirmation(contract_id: &ContractId) -> String {
    format!("/confirmations/{contract_id}")
}
