//! Creates the table of the idempotency keys.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates the table of the idempotency keys.
pub(crate) struct IdempotencyMigration;

impl MigrationName for IdempotencyMigration {
    fn name(&self) -> &'static str {
        "m20261122_000002_idempotency_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for IdempotencyMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = Table::create()
            .table("idempotency_keys")
            .col(text("key").primary_key())
            .col(text("fingerprint"))
            .col(integer("status"))
            .col(text("response"))
            .col(timestamp_with_time_zone("created_at"))
            .to_owned();
        manager.create_table(keys).await
    }
}
