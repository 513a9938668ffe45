//! Table of the contracts.

use messages::{
    ContractId, CreditChangeId, CustomerId, Page, Position,
    contracts::{Contract, ContractStatus},
};
use sea_orm::{ActiveValue::Set, Condition, IntoActiveModel, QuerySelect, TryInsertResult, entity::prelude::*};
use service_kit::{Database, PageRequest, Transaction, same_names, unreadable};

use crate::domain::Held;

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contracts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub contract_id: String,
    pub customer_id: String,
    pub status: Status,
    pub credit_change_id: Option<String>,
    pub opened_position: i64,
    pub change_position: Option<i64>,
    pub opened_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    pub signed_at: Option<DateTimeUtc>,
    pub confirmed_at: Option<DateTimeUtc>,
    pub reinstated_at: Option<DateTimeUtc>,
    pub terminated_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// [`ContractStatus`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub(crate) enum Status {
    Active,
    Pending,
    Signed,
    Terminated,
}
same_names!(Status, ContractStatus: Active, Pending, Signed, Terminated);

impl TryFrom<Model> for Held {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let contract = Contract {
            contract_id: row.contract_id.try_into().map_err(unreadable)?,
            customer_id: row.customer_id.try_into().map_err(unreadable)?,
            status: row.status.into(),
            credit_change_id: row.credit_change_id.map(CreditChangeId::try_from).transpose().map_err(unreadable)?,
            opened_at: row.opened_at,
            revoked_at: row.revoked_at,
            signed_at: row.signed_at,
            confirmed_at: row.confirmed_at,
            reinstated_at: row.reinstated_at,
            terminated_at: row.terminated_at,
        };
        Ok(Self { contract, opened_position: row.opened_position, change_position: row.change_position })
    }
}

impl From<&Held> for Model {
    fn from(held: &Held) -> Self {
        let Held { contract, opened_position, change_position } = held;
        Self {
            contract_id: contract.contract_id.to_string(),
            customer_id: contract.customer_id.to_string(),
            status: contract.status.into(),
            credit_change_id: contract.credit_change_id.as_ref().map(ToString::to_string),
            opened_position: *opened_position,
            change_position: *change_position,
            opened_at: contract.opened_at,
            revoked_at: contract.revoked_at,
            signed_at: contract.signed_at,
            confirmed_at: contract.confirmed_at,
            reinstated_at: contract.reinstated_at,
            terminated_at: contract.terminated_at,
        }
    }
}

/// The contracts that a list shows.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Only those of this customer.
    pub(crate) customer_id: Option<CustomerId>,
    /// Only those with this status.
    pub(crate) status: Option<ContractStatus>,
    /// Only those that this change of the credit rating was the last to touch.
    pub(crate) credit_change_id: Option<CreditChangeId>,
    /// Only those that were opened up to this position of the log.
    pub(crate) opened_up_to: Option<Position>,
}

/// Reads a page of contracts, newest first.
pub(crate) async fn contracts(
    database: &Database,
    filter: Filter,
    request: PageRequest,
) -> Result<Page<Contract>, DbErr> {
    let chosen = Condition::all()
        .add_option(filter.customer_id.map(|id| Column::CustomerId.eq(id.as_str())))
        .add_option(filter.status.map(|status| Column::Status.eq(Status::from(status))))
        .add_option(filter.credit_change_id.map(|id| Column::CreditChangeId.eq(id.as_str())))
        .add_option(filter.opened_up_to.map(|position| Column::OpenedPosition.lte(position)));
    let newest = request.newest(database, Entity::find().filter(chosen), (Column::OpenedAt, Column::ContractId));
    let Page { items, next_cursor } = newest.await?;
    let items = items.into_iter().map(|row| Held::try_from(row).map(|held| held.contract)).collect::<Result<_, _>>()?;
    Ok(Page { items, next_cursor })
}

/// Finds a contract by its id.
pub(crate) async fn find_contract(database: &Database, id: &ContractId) -> Result<Option<Contract>, DbErr> {
    let row = Entity::find_by_id(id.as_str()).one(database.reader()).await?;
    row.map(|row| Held::try_from(row).map(|held| held.contract)).transpose()
}

/// Finds a contract by its id and locks it until the transaction ends.
pub(crate) async fn lock_contract(transaction: &Transaction, id: &ContractId) -> Result<Option<Held>, DbErr> {
    let row = Entity::find_by_id(id.as_str()).lock_exclusive().one(&**transaction).await?;
    row.map(Held::try_from).transpose()
}

/// Inserts a contract of an existing customer, unless there is one with its id.
pub(crate) async fn insert_contract(transaction: &Transaction, new: &Held) -> Result<bool, DbErr> {
    let row = Model::from(new).into_active_model().reset_all();
    let inserted = Entity::insert(row).on_conflict_do_nothing().exec_without_returning(&**transaction).await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// Sets the position of a contract that this transaction has inserted.
pub(crate) async fn set_opened_position(
    transaction: &Transaction,
    id: &ContractId,
    position: Position,
) -> Result<(), DbErr> {
    let row = ActiveModel { contract_id: Set(id.to_string()), opened_position: Set(position), ..Default::default() };
    row.update(&**transaction).await.map(drop)
}

/// Replaces a locked contract.
pub(crate) async fn update_contract(transaction: &Transaction, held: &Held) -> Result<(), DbErr> {
    Model::from(held).into_active_model().reset_all().update(&**transaction).await.map(drop)
}
