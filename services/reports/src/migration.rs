//! Reports' tables.

use messages::billing;
use sea_orm_migration::{prelude::*, schema::*};
use service_kit::create_index;

/// Creates the tables of reports, of the documents in them, and of the logs that are followed.
pub(crate) struct Reports;

impl MigrationName for Reports {
    fn name(&self) -> &'static str {
        "m20261122_000003_reports"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Reports {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        reports(manager).await?;
        documents(manager).await?;
        followed_logs(manager).await
    }
}

async fn reports(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let reports = Table::create()
        .table("reports")
        .col(text("report_id").primary_key())
        .col(text("customer_id"))
        .col(big_integer("number"))
        .col(text("status"))
        .col(timestamp_with_time_zone("opened_at"))
        .col(timestamp_with_time_zone_null("published_at"))
        .to_owned();
    manager.create_table(reports).await?;
    let one_of_a_number = Index::create()
        .name("reports_of_customer")
        .table("reports")
        .col("customer_id")
        .col("number")
        .unique()
        .to_owned();
    manager.create_index(one_of_a_number).await?;
    create_index(manager, "reports", "reports_newest", &["opened_at", "report_id"]).await?;
    let one_open = "CREATE UNIQUE INDEX reports_one_open ON reports (customer_id) WHERE status = 'open'";
    manager.get_connection().execute_unprepared(one_open).await.map(drop)
}

async fn documents(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let documents = Table::create()
        .table("documents")
        .col(text("document_id").primary_key())
        .col(text_null("customer_id"))
        .col(big_integer_null("minor"))
        .col(text_null("currency"))
        .col(text_null("report_id"))
        .col(text_null("marked_by"))
        .to_owned();
    manager.create_table(documents).await?;
    let markings = Table::create()
        .table("markings")
        .col(text("document_id"))
        .col(text("process_id"))
        .col(text("outcome"))
        .primary_key(Index::create().col("document_id").col("process_id"))
        .to_owned();
    manager.create_table(markings).await?;
    let entries = Table::create()
        .table("report_documents")
        .col(text("report_id"))
        .col(big_integer("place"))
        .col(text("document_id"))
        .col(big_integer("minor"))
        .col(text("currency"))
        .col(boolean("voided"))
        .primary_key(Index::create().col("report_id").col("place"))
        .to_owned();
    manager.create_table(entries).await?;
    let once = Index::create()
        .name("report_documents_once")
        .table("report_documents")
        .col("document_id")
        .col("report_id")
        .unique()
        .to_owned();
    manager.create_index(once).await
}

async fn followed_logs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let logs = Table::create()
        .table("followed_logs")
        .col(text("source").primary_key())
        .col(big_integer("position"))
        .col(text_null("logid"))
        .to_owned();
    manager.create_table(logs).await?;
    let row = Query::insert()
        .into_table("followed_logs")
        .columns(["source", "position"])
        .values_panic([billing::SOURCE.into(), 0_i64.into()])
        .to_owned();
    manager.execute(row).await
}
