//! Table of the reminders that were sent.

use messages::contracts::RemindCustomer;
use sea_orm::{ActiveValue::Set, TryInsertResult, entity::prelude::*};
use service_kit::Transaction;

/// A reminder.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reminders")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub contract_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub credit_change_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reminder: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Inserts a reminder, unless its number has been sent before.
pub(crate) async fn insert_reminder(transaction: &Transaction, new: &RemindCustomer) -> Result<bool, DbErr> {
    let row = ActiveModel {
        contract_id: Set(new.contract_id.to_string()),
        credit_change_id: Set(new.credit_change_id.to_string()),
        reminder: Set(new.reminder.into()),
    };
    let inserted = Entity::insert(row).on_conflict_do_nothing().exec_without_returning(&**transaction).await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}
