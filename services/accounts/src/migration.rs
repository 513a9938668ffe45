//! Makes Accounts' tables.

use sea_orm_migration::{prelude::*, schema::*};
use service_kit::{EventLogMigration, IdempotencyMigration};

/// Accounts' migrations, in their order.
#[derive(Debug)]
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(EventLogMigration), Box::new(IdempotencyMigration), Box::new(AccountsAndTransfers)]
    }
}

struct AccountsAndTransfers;

impl MigrationName for AccountsAndTransfers {
    fn name(&self) -> &'static str {
        "m20261122_000003_accounts_and_transfers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AccountsAndTransfers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        make_accounts(manager).await?;
        make_transfers(manager).await
    }
}

async fn make_accounts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
    make_index(manager, "accounts", "accounts_newest", &["opened_at", "account_id"]).await
}

async fn make_transfers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
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
        make_index(manager, "transfers", name, &columns).await?;
    }
    Ok(())
}

async fn make_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
