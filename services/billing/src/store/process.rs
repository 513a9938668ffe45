//! Table of the processes that void documents.

use sea_orm::entity::prelude::*;

use crate::domain::ProcessState;

/// A process. It stays after it has ended, so that late commands find it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "processes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub process_id: String,
    pub document_id: String,
    pub state: ProcessState,
    pub requested_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
