//! Documents by page, newest first.

use chrono::{DateTime, Utc};
use messages::{
    CustomerId,
    billing::{Document, DocumentStatus},
};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use service_kit::Database;

use super::document::{Column, Entity, Status};

/// Which documents a list shows.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Those of one customer.
    pub(crate) customer_id: Option<CustomerId>,
    /// Those of one status.
    pub(crate) status: Option<DocumentStatus>,
    /// Those with an open process.
    pub(crate) in_process: bool,
    /// Those after this one.
    pub(crate) after: Option<Key>,
}

/// A document's place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    issued_at: DateTime<Utc>,
    document_id: String,
}

impl From<&Document> for Key {
    fn from(document: &Document) -> Self {
        Self { issued_at: document.issued_at, document_id: document.document_id.to_string() }
    }
}

/// At most `limit` documents, newest first, and the key of the last if there are more.
pub(crate) async fn page(
    database: &Database,
    filter: Filter,
    limit: usize,
) -> Result<(Vec<Document>, Option<Key>), DbErr> {
    let mut condition = Condition::all();
    if let Some(customer) = filter.customer_id {
        condition = condition.add(Column::CustomerId.eq(customer.as_str()));
    }
    if let Some(status) = filter.status {
        condition = condition.add(Column::Status.eq(Status::from(status)));
    }
    if filter.in_process {
        condition = condition.add(Column::ProcessId.is_not_null());
    }
    if let Some(Key { issued_at, document_id }) = filter.after {
        let same_time = Condition::all().add(Column::IssuedAt.eq(issued_at)).add(Column::DocumentId.lt(document_id));
        condition = condition.add(Condition::any().add(Column::IssuedAt.lt(issued_at)).add(same_time));
    }
    let rows = Entity::find()
        .filter(condition)
        .order_by_desc(Column::IssuedAt)
        .order_by_desc(Column::DocumentId)
        .limit(limit as u64 + 1)
        .all(database.reader())
        .await?;
    let has_more = rows.len() > limit;
    let documents = rows.into_iter().take(limit).map(Document::try_from).collect::<Result<Vec<_>, _>>()?;
    let next = documents.last().filter(|_| has_more).map(Key::from);
    Ok((documents, next))
}
