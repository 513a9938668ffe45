//! Accounts' tables.

use sea_orm_migration::{prelude::*, schema::*};
use service_kit::create_index;

/// Creates the tables of accounts and of transfers.
pub(crate) struct AccountsAndTransfers;

impl MigrationName for AccountsAndTransfers {
    fn name(&self) -> &'static str {
        "m20261122_000003_accounts_and_transfers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AccountsAndTransfers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_accounts(manager).await?;
        create_transfers(manager).await
    }
}

async fn create_accounts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let accounts = Table::create()
        .table("accounts")
        .col(text("account_id").primary_key())
        .col(text_null("owner"))
        .col(big_integer("initial_minor"))
        .col(big_integer("balance_minor"))
        .col(text("currency"))
        .col(text("status"))
        .col(timestamp_with_time_zone("opened_at"))
        .check(Expr::col("balance_minor").gte(0))
        .to_owned();
    manager.create_table(accounts).await?;
    create_index(manager, "accounts", "accounts_newest", &["opened_at", "account_id"]).await
}

async fn create_transfers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let transfers = Table::create()
        .table("transfers")
        .col(text("transfer_id").primary_key())
        .col(text("from_account"))
        .col(text("to_account"))
        .col(big_integer("minor"))
        .col(text("currency"))
        .col(text("status"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone("requested_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(ForeignKey::create().from("transfers", "from_account").to("accounts", "account_id"))
        .foreign_key(ForeignKey::create().from("transfers", "to_account").to("accounts", "account_id"))
        .to_owned();
    manager.create_table(transfers).await?;
    for (name, first) in [
        ("transfers_newest", None),
        ("transfers_by_status", Some("status")),
        ("transfers_from_account", Some("from_account")),
        ("transfers_to_account", Some("to_account")),
    ] {
        let columns: Vec<_> = first.into_iter().chain(["requested_at", "transfer_id"]).collect();
        create_index(manager, "transfers", name, &columns).await?;
    }
    Ok(())
}
