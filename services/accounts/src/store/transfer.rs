//! Table of the transfers.

use messages::{
    AccountId, Money, Page, TransferId,
    accounts::{Transfer, TransferStatus},
};
use sea_orm::{ActiveValue::Set, Condition, QuerySelect, TryInsertResult, entity::prelude::*};
use service_kit::{Database, PageRequest, Transaction, same_names, unreadable};

/// A transfer. It stays after it has ended, so that late commands find it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub transfer_id: String,
    pub from_account: String,
    pub to_account: String,
    pub minor: i64,
    pub currency: String,
    pub status: Status,
    /// Reason of its failure.
    pub reason: Option<String>,
    pub requested_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// [`TransferStatus`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub(crate) enum Status {
    Requested,
    Withdrawn,
    Completed,
    Returned,
    Failed,
}
same_names!(Status, TransferStatus: Requested, Withdrawn, Completed, Returned, Failed);

impl TryFrom<Model> for Transfer {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            transfer_id: row.transfer_id.try_into().map_err(unreadable)?,
            from: row.from_account.try_into().map_err(unreadable)?,
            to: row.to_account.try_into().map_err(unreadable)?,
            amount: Money::of(row.minor, &row.currency).map_err(unreadable)?,
            status: row.status.into(),
            reason: row.reason,
            requested_at: row.requested_at,
            updated_at: row.updated_at,
        })
    }
}

impl From<&Transfer> for ActiveModel {
    fn from(transfer: &Transfer) -> Self {
        Self {
            transfer_id: Set(transfer.transfer_id.to_string()),
            from_account: Set(transfer.from.to_string()),
            to_account: Set(transfer.to.to_string()),
            minor: Set(transfer.amount.minor),
            currency: Set(transfer.amount.currency.code().to_owned()),
            status: Set(transfer.status.into()),
            reason: Set(transfer.reason.clone()),
            requested_at: Set(transfer.requested_at),
            updated_at: Set(transfer.updated_at),
        }
    }
}

/// The transfers that a list shows.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Only those with this status.
    pub(crate) status: Option<TransferStatus>,
    /// Only those from or to this account.
    pub(crate) account_id: Option<AccountId>,
}

/// Reads a page of transfers, newest first.
pub(crate) async fn transfers(
    database: &Database,
    filter: Filter,
    request: PageRequest,
) -> Result<Page<Transfer>, DbErr> {
    let of_account = |id: AccountId| {
        Condition::any().add(Column::FromAccount.eq(id.as_str())).add(Column::ToAccount.eq(id.as_str()))
    };
    let chosen = Condition::all()
        .add_option(filter.status.map(|status| Column::Status.eq(Status::from(status))))
        .add_option(filter.account_id.map(of_account));
    let newest = request.newest(database, Entity::find().filter(chosen), (Column::RequestedAt, Column::TransferId));
    let Page { items, next_cursor } = newest.await?;
    Ok(Page { items: items.into_iter().map(Transfer::try_from).collect::<Result<_, _>>()?, next_cursor })
}

/// Finds a transfer by its id.
pub(crate) async fn find_transfer(database: &Database, id: &TransferId) -> Result<Option<Transfer>, DbErr> {
    Entity::find_by_id(id.as_str()).one(database.reader()).await?.map(Transfer::try_from).transpose()
}

/// Finds a transfer by its id and locks it until the transaction ends.
pub(crate) async fn lock_transfer(transaction: &Transaction, id: &TransferId) -> Result<Option<Transfer>, DbErr> {
    let row = Entity::find_by_id(id.as_str()).lock_exclusive().one(&**transaction).await?;
    row.map(Transfer::try_from).transpose()
}

/// Inserts a transfer between two existing accounts, unless there is one with its id.
pub(crate) async fn insert_transfer(transaction: &Transaction, new: &Transfer) -> Result<bool, DbErr> {
    let inserted =
        Entity::insert(ActiveModel::from(new)).on_conflict_do_nothing().exec_without_returning(&**transaction).await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// Moves a locked transfer to a status.
pub(crate) async fn set_status(
    transaction: &Transaction,
    id: &TransferId,
    status: TransferStatus,
    reason: Option<&str>,
    at: DateTimeUtc,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        transfer_id: Set(id.to_string()),
        status: Set(status.into()),
        reason: Set(reason.map(str::to_owned)),
        updated_at: Set(at),
        ..Default::default()
    };
    row.update(&**transaction).await.map(drop)
}
