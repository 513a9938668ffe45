//! Contracts' tables.

use sea_orm_migration::{prelude::*, schema::*};
use service_kit::create_index;

/// Creates the tables of customers, of changes of their credit ratings, of contracts and of reminders.
pub(crate) struct CustomersAndContracts;

impl MigrationName for CustomersAndContracts {
    fn name(&self) -> &'static str {
        "m20261129_000001_customers_and_contracts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CustomersAndContracts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_customers(manager).await?;
        create_credit_changes(manager).await?;
        create_contracts(manager).await?;
        create_reminders(manager).await
    }
}

/// Creates the index that counts the contracts that a change has still to revoke.
pub(crate) struct UntouchedContracts;

impl MigrationName for UntouchedContracts {
    fn name(&self) -> &'static str {
        "m20261129_000002_untouched_contracts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for UntouchedContracts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Counts need only the index.
        let columns = ["customer_id", "change_position", "opened_position", "status"];
        create_index(manager, "contracts", "contracts_by_change", &columns).await
    }
}

async fn create_customers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let customers = Table::create()
        .table("customers")
        .col(text("customer_id").primary_key())
        .col(text("first_rating"))
        .col(text("rating"))
        .col(text_null("credit_change_id"))
        .to_owned();
    manager.create_table(customers).await
}

async fn create_credit_changes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let changes = Table::create()
        .table("credit_changes")
        .col(text("credit_change_id").primary_key())
        .col(text("customer_id"))
        .col(text("rating"))
        .col(text("previous_rating"))
        .col(big_integer("position"))
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(ForeignKey::create().from("credit_changes", "customer_id").to("customers", "customer_id"))
        .to_owned();
    manager.create_table(changes).await
}

async fn create_contracts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let contracts = Table::create()
        .table("contracts")
        .col(text("contract_id").primary_key())
        .col(text("customer_id"))
        .col(text("status"))
        .col(text_null("credit_change_id"))
        .col(big_integer("opened_position"))
        .col(big_integer_null("change_position"))
        .col(timestamp_with_time_zone("opened_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .col(timestamp_with_time_zone_null("signed_at"))
        .col(timestamp_with_time_zone_null("confirmed_at"))
        .col(timestamp_with_time_zone_null("reinstated_at"))
        .col(timestamp_with_time_zone_null("terminated_at"))
        .foreign_key(ForeignKey::create().from("contracts", "customer_id").to("customers", "customer_id"))
        .to_owned();
    manager.create_table(contracts).await?;
    for (name, first) in [
        ("contracts_newest", None),
        ("contracts_by_customer", Some("customer_id")),
        ("contracts_by_status", Some("status")),
    ] {
        let columns: Vec<_> = first.into_iter().chain(["opened_at", "contract_id"]).collect();
        create_index(manager, "contracts", name, &columns).await?;
    }
    // Counts by status need only the index.
    let of_change = ["credit_change_id", "status", "opened_at", "contract_id", "confirmed_at"];
    create_index(manager, "contracts", "contracts_of_credit_change", &of_change).await
}

async fn create_reminders(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let reminders = Table::create()
        .table("reminders")
        .col(text("contract_id"))
        .col(text("credit_change_id"))
        .col(big_integer("reminder"))
        .primary_key(Index::create().col("contract_id").col("credit_change_id").col("reminder"))
        .foreign_key(ForeignKey::create().from("reminders", "contract_id").to("contracts", "contract_id"))
        .to_owned();
    manager.create_table(reminders).await
}
