//! Identifiers of the example's services.

use utoipa::ToSchema;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        process_manager_wire::id! {
            $(#[$doc])*
            #[derive(ToSchema)]
            #[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,128}$")]
            pub struct $name;
        }
    };
}

id! {
    /// A document of Billing.
    DocumentId
}
id! {
    /// A customer. Billing, Reports and Contracts use the same ids.
    CustomerId
}
id! {
    /// A report of Reports.
    ReportId
}
id! {
    /// An account of Accounts.
    AccountId
}
id! {
    /// A money transfer of Accounts: the correlation id of its commands and of their events.
    TransferId
}
id! {
    /// A contract of Contracts.
    ContractId
}
id! {
    /// A change of a customer's credit rating in Contracts.
    CreditChangeId
}
