//! Codes of problems. Programs decide by them.

pub use process_manager_wire::code::*;

/// 404: no such document.
pub const DOCUMENT_NOT_FOUND: &str = "document-not-found";
/// 404: no such process in Billing.
pub const PROCESS_NOT_FOUND: &str = "process-not-found";
/// 404: no voiding of this document was ever requested.
pub const VOIDING_NOT_FOUND: &str = "voiding-not-found";
/// 404: no such report.
pub const REPORT_NOT_FOUND: &str = "report-not-found";
/// 404: the customer has no open report to publish.
pub const NO_OPEN_REPORT: &str = "no-open-report";
/// 404: no such account.
pub const ACCOUNT_NOT_FOUND: &str = "account-not-found";
/// 404: no such money transfer.
pub const TRANSFER_NOT_FOUND: &str = "transfer-not-found";
/// 404: no such customer.
pub const CUSTOMER_NOT_FOUND: &str = "customer-not-found";
/// 404: the contract was never revoked, or its confirmation ended long ago.
pub const CONTRACT_CONFIRMATION_NOT_FOUND: &str = "contract-confirmation-not-found";
/// 404: no such contract.
pub const CONTRACT_NOT_FOUND: &str = "contract-not-found";
/// 404: no such change of a credit rating.
pub const CREDIT_CHANGE_NOT_FOUND: &str = "credit-change-not-found";
/// 409: the document is voided.
pub const DOCUMENT_ALREADY_VOIDED: &str = "document-already-voided";
/// 409: a document with this id and other content exists.
pub const DOCUMENT_EXISTS: &str = "document-exists";
/// 409: the process was aborted, so it cannot be completed.
pub const ABORTED: &str = "aborted";
/// 409: only an aborted process can be closed.
pub const NOT_ABORTED: &str = "not-aborted";
/// 409: the process is closed, or was never opened.
pub const PROCESS_CLOSED: &str = "process-closed";
/// 409: the document is in a published report.
pub const REPORT_PUBLISHED: &str = "report-published";
/// 409: another process has marked the document as voided.
pub const MARKED_BY_ANOTHER_PROCESS: &str = "marked-by-another-process";
/// 409: there is no failure that could be acknowledged.
pub const NO_FAILURE_TO_ACKNOWLEDGE: &str = "no-failure-to-acknowledge";
/// 409: nothing has failed that could be retried.
pub const NOTHING_TO_RETRY: &str = "nothing-to-retry";
/// 409: Temporal rejects the signal, because the run has received as many as it accepts.
pub const SIGNAL_REJECTED: &str = "signal-rejected";
/// 409: an account with this id and other content exists.
pub const ACCOUNT_EXISTS: &str = "account-exists";
/// 409: the account is closed.
pub const ACCOUNT_CLOSED: &str = "account-closed";
/// 409: the account has less than the amount to withdraw.
pub const INSUFFICIENT_FUNDS: &str = "insufficient-funds";
/// 409: the account's balance would leave the range of 64-bit minor units.
pub const BALANCE_OUT_OF_RANGE: &str = "balance-out-of-range";
/// 409: a transfer with this id and other content exists.
pub const TRANSFER_EXISTS: &str = "transfer-exists";
/// 409: the account or the amount of the command is not that of its transfer.
pub const TRANSFER_MISMATCH: &str = "transfer-mismatch";
/// 409: the transfer was given up before its withdrawal.
pub const TRANSFER_FAILED: &str = "transfer-failed";
/// 409: the transfer's amount must be withdrawn before it can be deposited.
pub const NOT_WITHDRAWN: &str = "not-withdrawn";
/// 409: the transfer's amount has been withdrawn, so the transfer can no longer be given up.
pub const ALREADY_WITHDRAWN: &str = "already-withdrawn";
/// 409: the transfer's amount has been deposited for the other purpose.
pub const ALREADY_SETTLED: &str = "already-settled";
/// 409: a customer with this id and another first rating exists.
pub const CUSTOMER_EXISTS: &str = "customer-exists";
/// 409: a contract with this id and another customer exists.
pub const CONTRACT_EXISTS: &str = "contract-exists";
/// 409: the customer already has this credit rating.
pub const CREDIT_RATING_UNCHANGED: &str = "credit-rating-unchanged";
/// 409: the contract is another customer's, or was opened after the change of the credit rating.
pub const CONTRACT_NOT_AFFECTED: &str = "contract-not-affected";
/// 409: the contract is terminated.
pub const CONTRACT_TERMINATED: &str = "contract-terminated";
/// 409: the process has ended.
pub const NOT_RUNNING: &str = "not-running";
/// 409: the contract does not wait to be signed, or its reminder no longer has a purpose.
pub const CONTRACT_NOT_PENDING: &str = "contract-not-pending";
/// 409: the contract does not wait for its confirmation.
pub const CONTRACT_NOT_SIGNED: &str = "contract-not-signed";
/// 422: the amount is not in the account's currency.
pub const CURRENCY_MISMATCH: &str = "currency-mismatch";
/// 503: Billing cannot be reached or cannot work now; it has not accepted the command.
pub const BILLING_UNAVAILABLE: &str = "billing-unavailable";
/// 503: Contracts is unavailable.
pub const CONTRACTS_UNAVAILABLE: &str = "contracts-unavailable";
/// 504: Contracts has not answered; it may have accepted the command. To find out, repeat it with the same idempotency
/// key.
pub const CONTRACTS_TIMEOUT: &str = "contracts-timeout";
/// 504: Billing has not answered; it may have accepted the command. To find out, repeat it with the same idempotency
/// key.
pub const BILLING_TIMEOUT: &str = "billing-timeout";
