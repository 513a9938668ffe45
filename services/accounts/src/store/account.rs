//! Table of the accounts.

use messages::{
    AccountId, Money, Page,
    accounts::{Account, AccountStatus},
};
use sea_orm::{ActiveValue::Set, QuerySelect, TryInsertResult, entity::prelude::*};
use service_kit::{Database, PageRequest, Transaction, same_names, unreadable};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    pub owner: Option<String>,
    pub initial_minor: i64,
    pub balance_minor: i64,
    pub currency: String,
    pub status: Status,
    pub opened_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// [`AccountStatus`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub(crate) enum Status {
    Open,
    Closed,
}
same_names!(Status, AccountStatus: Open, Closed);

impl TryFrom<Model> for Account {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            account_id: row.account_id.try_into().map_err(unreadable)?,
            owner: row.owner,
            balance: Money::of(row.balance_minor, &row.currency).map_err(unreadable)?,
            status: row.status.into(),
            opened_at: row.opened_at,
        })
    }
}

/// Reads a page of accounts, newest first.
pub(crate) async fn accounts(database: &Database, request: PageRequest) -> Result<Page<Account>, DbErr> {
    let newest = request.newest(database, Entity::find(), (Column::OpenedAt, Column::AccountId));
    let Page { items, next_cursor } = newest.await?;
    Ok(Page { items: items.into_iter().map(Account::try_from).collect::<Result<_, _>>()?, next_cursor })
}

/// Finds an account by its id.
pub(crate) async fn find_account(connection: &impl ConnectionTrait, id: &AccountId) -> Result<Option<Account>, DbErr> {
    Entity::find_by_id(id.as_str()).one(connection).await?.map(Account::try_from).transpose()
}

/// Finds an account by its id and locks it until the transaction ends.
pub(crate) async fn lock_account(transaction: &Transaction, id: &AccountId) -> Result<Option<Account>, DbErr> {
    Ok(lock_opened(transaction, id).await?.map(|(account, _)| account))
}

/// Finds an account by its id, with its initial balance, and locks it until the transaction ends.
pub(crate) async fn lock_opened(transaction: &Transaction, id: &AccountId) -> Result<Option<(Account, Money)>, DbErr> {
    let row = Entity::find_by_id(id.as_str()).lock_exclusive().one(&**transaction).await?;
    let Some(row) = row else { return Ok(None) };
    let initial = Money::of(row.initial_minor, &row.currency).map_err(unreadable)?;
    Ok(Some((row.try_into()?, initial)))
}

/// Inserts an account with its initial balance, unless there is one with its id.
pub(crate) async fn insert_account(transaction: &Transaction, new: &Account) -> Result<bool, DbErr> {
    let row = ActiveModel {
        account_id: Set(new.account_id.to_string()),
        owner: Set(new.owner.clone()),
        initial_minor: Set(new.balance.minor),
        balance_minor: Set(new.balance.minor),
        currency: Set(new.balance.currency.code().to_owned()),
        status: Set(new.status.into()),
        opened_at: Set(new.opened_at),
    };
    let inserted = Entity::insert(row).on_conflict_do_nothing().exec_without_returning(&**transaction).await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// Changes the balance of a locked account.
pub(crate) async fn set_balance(transaction: &Transaction, id: &AccountId, balance: Money) -> Result<(), DbErr> {
    let row = ActiveModel { account_id: Set(id.to_string()), balance_minor: Set(balance.minor), ..Default::default() };
    row.update(&**transaction).await.map(drop)
}

/// Closes a locked account.
pub(crate) async fn close_account(transaction: &Transaction, id: &AccountId) -> Result<(), DbErr> {
    let row = ActiveModel { account_id: Set(id.to_string()), status: Set(Status::Closed), ..Default::default() };
    row.update(&**transaction).await.map(drop)
}
