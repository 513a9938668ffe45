//! Table of the customers.

use messages::{
    CreditChangeId, CustomerId,
    contracts::{CreditRating, Customer},
};
use sea_orm::{ActiveValue::Set, QuerySelect, TryInsertResult, entity::prelude::*};
use service_kit::{Database, Transaction, same_names, unreadable};

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    pub first_rating: Rating,
    pub rating: Rating,
    pub credit_change_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// [`CreditRating`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
pub(crate) enum Rating {
    Aaa,
    Aa,
    A,
    Bbb,
    Bb,
    B,
    Ccc,
    Cc,
    C,
    D,
}
same_names!(Rating, CreditRating: Aaa, Aa, A, Bbb, Bb, B, Ccc, Cc, C, D);

impl TryFrom<Model> for Customer {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            customer_id: row.customer_id.try_into().map_err(unreadable)?,
            credit_rating: row.rating.into(),
            credit_change_id: row.credit_change_id.map(CreditChangeId::try_from).transpose().map_err(unreadable)?,
        })
    }
}

/// Finds a customer by its id.
pub(crate) async fn find_customer(database: &Database, id: &CustomerId) -> Result<Option<Customer>, DbErr> {
    Entity::find_by_id(id.as_str()).one(database.reader()).await?.map(Customer::try_from).transpose()
}

/// Finds a customer by its id and locks it until the transaction ends.
pub(crate) async fn lock_customer(transaction: &Transaction, id: &CustomerId) -> Result<Option<Customer>, DbErr> {
    Ok(lock_registered(transaction, id).await?.map(|(customer, _)| customer))
}

/// Finds a customer by its id, with its first rating, and locks it until the transaction ends.
pub(crate) async fn lock_registered(
    transaction: &Transaction,
    id: &CustomerId,
) -> Result<Option<(Customer, CreditRating)>, DbErr> {
    let row = Entity::find_by_id(id.as_str()).lock_exclusive().one(&**transaction).await?;
    let Some(row) = row else { return Ok(None) };
    let first = row.first_rating.into();
    Ok(Some((row.try_into()?, first)))
}

/// Inserts a customer with its first rating, unless there is one with its id.
pub(crate) async fn insert_customer(transaction: &Transaction, new: &Customer) -> Result<bool, DbErr> {
    let row = ActiveModel {
        customer_id: Set(new.customer_id.to_string()),
        first_rating: Set(new.credit_rating.into()),
        rating: Set(new.credit_rating.into()),
        credit_change_id: Set(None),
    };
    let inserted = Entity::insert(row).on_conflict_do_nothing().exec_without_returning(&**transaction).await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// Changes the rating of a locked customer.
pub(crate) async fn set_rating(
    transaction: &Transaction,
    id: &CustomerId,
    rating: CreditRating,
    change: &CreditChangeId,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        customer_id: Set(id.to_string()),
        rating: Set(rating.into()),
        credit_change_id: Set(Some(change.to_string())),
        ..Default::default()
    };
    row.update(&**transaction).await.map(drop)
}
