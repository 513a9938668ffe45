//! Creates the tables of the event log, and the log's id.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_id;

/// Creates the tables of the event log, and the log's id.
#[derive(Debug, Clone, Copy)]
pub struct EventLogMigration;

impl MigrationName for EventLogMigration {
    fn name(&self) -> &'static str {
        "m20261122_000001_event_log"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for EventLogMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let events = Table::create()
            .table("events")
            .col(big_integer("position").primary_key())
            .col(text("id").unique_key())
            .col(text("kind"))
            .col(text("subject"))
            .col(timestamp_with_time_zone("time"))
            .col(text("correlation_id"))
            .col(text("causation_id"))
            .col(text("data"))
            .to_owned();
        manager.create_table(events).await?;
        let log =
            Table::create().table("event_log").col(text("logid").primary_key()).col(big_integer("head")).to_owned();
        manager.create_table(log).await?;
        let row = Query::insert()
            .into_table("event_log")
            .columns(["logid", "head"])
            .values_panic([new_id().into(), 0_i64.into()])
            .to_owned();
        manager.execute(row).await
    }
}
