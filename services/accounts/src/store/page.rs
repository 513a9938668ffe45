//! Accounts and transfers by page, newest first.

use chrono::{DateTime, Utc};
use messages::{
    AccountId,
    accounts::{Account, Transfer, TransferStatus},
};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use service_kit::Database;

use super::{
    account,
    transfer::{self, Status},
};

/// Which transfers a list shows.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Those of one status.
    pub(crate) status: Option<TransferStatus>,
    /// Those from or to one account.
    pub(crate) account_id: Option<AccountId>,
    /// Those after this one.
    pub(crate) after: Option<Key>,
}

/// The place of an account or a transfer in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    at: DateTime<Utc>,
    id: String,
}

impl From<&Account> for Key {
    fn from(account: &Account) -> Self {
        Self { at: account.opened_at, id: account.account_id.to_string() }
    }
}

impl From<&Transfer> for Key {
    fn from(transfer: &Transfer) -> Self {
        Self { at: transfer.requested_at, id: transfer.transfer_id.to_string() }
    }
}

/// At most `limit` accounts, newest first, and the key of the last if there are more.
pub(crate) async fn accounts(
    database: &Database,
    after: Option<Key>,
    limit: usize,
) -> Result<(Vec<Account>, Option<Key>), DbErr> {
    use account::Column::{AccountId, OpenedAt};
    page(database, account::Entity::find(), (OpenedAt, AccountId), after, limit).await
}

/// At most `limit` transfers, newest first, and the key of the last if there are more.
pub(crate) async fn transfers(
    database: &Database,
    filter: Filter,
    limit: usize,
) -> Result<(Vec<Transfer>, Option<Key>), DbErr> {
    use transfer::Column::{self, RequestedAt, TransferId};
    let mut condition = Condition::all();
    if let Some(status) = filter.status {
        condition = condition.add(Column::Status.eq(Status::from(status)));
    }
    if let Some(id) = filter.account_id {
        let (from, to) = (Column::FromAccount.eq(id.as_str()), Column::ToAccount.eq(id.as_str()));
        condition = condition.add(Condition::any().add(from).add(to));
    }
    let chosen = transfer::Entity::find().filter(condition);
    page(database, chosen, (RequestedAt, TransferId), filter.after, limit).await
}

async fn page<E, C, T>(
    database: &Database,
    mut rows: Select<E>,
    (at, id): (C, C),
    after: Option<Key>,
    limit: usize,
) -> Result<(Vec<T>, Option<Key>), DbErr>
where
    E: EntityTrait,
    C: ColumnTrait,
    T: TryFrom<E::Model, Error = DbErr>,
    for<'a> Key: From<&'a T>,
{
    if let Some(key) = after {
        let same_time = Condition::all().add(at.eq(key.at)).add(id.lt(key.id));
        rows = rows.filter(Condition::any().add(at.lt(key.at)).add(same_time));
    }
    let rows = rows.order_by_desc(at).order_by_desc(id).limit(limit as u64 + 1).all(database.reader()).await?;
    let has_more = rows.len() > limit;
    let items = rows.into_iter().take(limit).map(T::try_from).collect::<Result<Vec<_>, _>>()?;
    let next = items.last().filter(|_| has_more).map(Key::from);
    Ok((items, next))
}
