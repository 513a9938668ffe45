//! The table of the check that the database accepts writes.

use sea_orm::entity::prelude::*;
use sea_orm_migration::{prelude::*, schema::*};

/// The table's one row.
pub(super) const ROW: i32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "write_check")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Time of the last attempted write.
    pub checked_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Creates the table, with its row.
#[derive(Debug)]
pub(crate) struct WriteCheckMigration;

impl MigrationName for WriteCheckMigration {
    fn name(&self) -> &'static str {
        "m20261129_000001_write_check"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WriteCheckMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("write_check")
            .col(integer("id").primary_key())
            .col(timestamp_with_time_zone("checked_at"))
            .to_owned();
        manager.create_table(table).await?;
        let row = Query::insert()
            .into_table("write_check")
            .columns(["id", "checked_at"])
            .values_panic([ROW.into(), chrono::Utc::now().into()])
            .to_owned();
        manager.execute(row).await
    }
}
