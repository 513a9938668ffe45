//! Billing's tables.

use sea_orm_migration::{prelude::*, schema::*};
use service_kit::create_index;

/// Creates the tables of documents and of the processes that void them.
pub(crate) struct Documents;

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
            ("documents_newest", &["issued_at", "document_id"][..]),
            ("documents_of_customer", &["customer_id", "issued_at", "document_id"]),
            ("documents_in_process", &["process_id"]),
        ] {
            create_index(manager, "documents", name, columns).await?;
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
