//! Makes Billing's tables.

use sea_orm_migration::{prelude::*, schema::*};
use service_kit::{EventLogMigration, IdempotencyMigration};

/// Billing's migrations, in their order.
#[derive(Debug)]
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(EventLogMigration), Box::new(IdempotencyMigration), Box::new(Documents)]
    }
}

struct Documents;

impl MigrationName for Documents {
    fn name(&self) -> &'static str {
        "m20261122_000003_documents"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Documents {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let documents = Table::create()
            .table("documents")
            .col(text("document_id").primary_key())
            .col(text("customer_id"))
            .col(text("kind"))
            .col(big_integer("minor"))
            .col(text("currency"))
            .col(text("status"))
            .col(text_null("process_id"))
            .col(timestamp_with_time_zone("issued_at"))
            .col(timestamp_with_time_zone_null("voided_at"))
            .to_owned();
        manager.create_table(documents).await?;
        for (name, columns) in [
            ("documents_newest", vec!["issued_at", "document_id"]),
            ("documents_of_customer", vec!["customer_id", "issued_at", "document_id"]),
            ("documents_in_process", vec!["process_id"]),
        ] {
            let mut index = Index::create().name(name).table("documents").to_owned();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        let processes = Table::create()
            .table("processes")
            .col(text("process_id").primary_key())
            .col(text("document_id"))
            .col(text("state"))
            .col(timestamp_with_time_zone("requested_at"))
            .foreign_key(ForeignKey::create().from("processes", "document_id").to("documents", "document_id"))
            .to_owned();
        manager.create_table(processes).await
    }
}
