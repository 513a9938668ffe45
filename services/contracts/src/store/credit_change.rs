//! Table of the changes of credit ratings.

use messages::{
    CreditChangeId,
    contracts::{ContractCounts, CreditChange},
};
use sea_orm::{
    ActiveValue::Set, Condition, ExprTrait, QuerySelect, QueryTrait, entity::prelude::*, sea_query::UnionType,
};
use service_kit::{Database, Transaction, unreadable};

use super::{
    contract::{self, Column as Contracts, Status},
    customer::Rating,
};
use crate::domain::Change;

/// A change of a customer's credit rating. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_changes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub credit_change_id: String,
    pub customer_id: String,
    pub rating: Rating,
    pub previous_rating: Rating,
    pub position: i64,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Finds a change, with the numbers of its contracts.
pub(crate) async fn find_credit_change(
    database: &Database,
    id: &CreditChangeId,
) -> Result<Option<CreditChange>, DbErr> {
    let Some(row) = Entity::find_by_id(id.as_str()).one(database.reader()).await? else { return Ok(None) };
    let contracts = count(database, &row).await?;
    Ok(Some(CreditChange {
        credit_change_id: row.credit_change_id.try_into().map_err(unreadable)?,
        customer_id: row.customer_id.try_into().map_err(unreadable)?,
        credit_rating: row.rating.into(),
        previous_credit_rating: row.previous_rating.into(),
        position: row.position,
        changed_at: row.changed_at,
        contracts,
    }))
}

/// Counts in one statement, so that a contract that is being revoked is not counted twice or left out.
async fn count(database: &Database, change: &Model) -> Result<ContractCounts, DbErr> {
    let by_status = |are_untouched: bool, which: Condition, confirmed: Expr| {
        contract::Entity::find()
            .select_only()
            .column_as(Expr::value(are_untouched), "are_untouched")
            .column(Contracts::Status)
            .column_as(Contracts::Status.count(), "contracts")
            .column_as(confirmed, "confirmed")
            .filter(which)
            .group_by(Contracts::Status)
    };
    let touched = Condition::all().add(Contracts::CreditChangeId.eq(&change.credit_change_id));
    let untouched = Condition::all()
        .add(Contracts::CustomerId.eq(&change.customer_id))
        .add(Contracts::ChangePosition.is_null().or(Contracts::ChangePosition.lt(change.position)))
        .add(Contracts::OpenedPosition.lte(change.position))
        .add(Contracts::Status.ne(Status::Terminated));
    let mut both = by_status(false, touched, Contracts::ConfirmedAt.count());
    let untouched = by_status(true, untouched, Expr::value(0_i64));
    QueryTrait::query(&mut both).union(UnionType::All, untouched.into_query());
    let rows: Vec<(bool, Status, i64, i64)> = both.into_tuple().all(database.reader()).await?;
    let mut counts = ContractCounts::default();
    for (are_untouched, status, all, confirmed) in rows {
        let (all, confirmed) = (all.unsigned_abs(), confirmed.unsigned_abs());
        match status {
            _ if are_untouched => counts.untouched += all,
            Status::Pending => counts.pending = all,
            Status::Signed => counts.signed = all,
            Status::Terminated => counts.terminated = all,
            Status::Active => (counts.confirmed, counts.reinstated) = (confirmed, all - confirmed),
        }
    }
    Ok(counts)
}

/// Finds the part of a change that matters for decisions.
pub(crate) async fn find_change(transaction: &Transaction, id: &CreditChangeId) -> Result<Option<Change>, DbErr> {
    let Some(row) = Entity::find_by_id(id.as_str()).one(&**transaction).await? else { return Ok(None) };
    Ok(Some(Change {
        credit_change_id: row.credit_change_id.try_into().map_err(unreadable)?,
        customer_id: row.customer_id.try_into().map_err(unreadable)?,
        position: row.position,
    }))
}

/// Inserts a change with a new id.
pub(crate) async fn insert_credit_change(transaction: &Transaction, new: &CreditChange) -> Result<(), DbErr> {
    let row = ActiveModel {
        credit_change_id: Set(new.credit_change_id.to_string()),
        customer_id: Set(new.customer_id.to_string()),
        rating: Set(new.credit_rating.into()),
        previous_rating: Set(new.previous_credit_rating.into()),
        position: Set(new.position),
        changed_at: Set(new.changed_at),
    };
    Entity::insert(row).exec_without_returning(&**transaction).await.map(drop)
}
