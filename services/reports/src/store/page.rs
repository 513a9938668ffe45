//! Reports by page, newest first.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use messages::{
    CustomerId,
    reports::{Report, ReportStatus},
};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use service_kit::Database;

use super::{
    entity::{
        entry,
        report::{Column, Entity, Model, Status},
    },
    report::{entries, view},
};

/// Which reports a list shows.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Those of one customer.
    pub(crate) customer_id: Option<CustomerId>,
    /// Those of one status.
    pub(crate) status: Option<ReportStatus>,
    /// Those after this one.
    pub(crate) after: Option<Key>,
}

/// A report's place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    opened_at: DateTime<Utc>,
    report_id: String,
}

impl From<&Model> for Key {
    fn from(row: &Model) -> Self {
        Self { opened_at: row.opened_at, report_id: row.report_id.clone() }
    }
}

/// At most `limit` reports, newest first, and the key of the last if there are more.
pub(crate) async fn page(
    database: &Database,
    filter: Filter,
    limit: usize,
) -> Result<(Vec<Report>, Option<Key>), DbErr> {
    let mut condition = Condition::all();
    if let Some(customer) = filter.customer_id {
        condition = condition.add(Column::CustomerId.eq(customer.as_str()));
    }
    if let Some(status) = filter.status {
        condition = condition.add(Column::Status.eq(Status::from(status)));
    }
    if let Some(Key { opened_at, report_id }) = filter.after {
        let same_time = Condition::all().add(Column::OpenedAt.eq(opened_at)).add(Column::ReportId.lt(report_id));
        condition = condition.add(Condition::any().add(Column::OpenedAt.lt(opened_at)).add(same_time));
    }
    let mut rows = Entity::find()
        .filter(condition)
        .order_by_desc(Column::OpenedAt)
        .order_by_desc(Column::ReportId)
        .limit(limit as u64 + 1)
        .all(database.reader())
        .await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(Key::from);
    let mut by_report: HashMap<String, Vec<entry::Model>> = HashMap::new();
    for entry in entries(database.reader(), rows.iter().map(|row| row.report_id.clone())).await? {
        by_report.entry(entry.report_id.clone()).or_default().push(entry);
    }
    let reports = rows.into_iter().map(|row| {
        let own = by_report.remove(&row.report_id).unwrap_or_default();
        view(row, own)
    });
    Ok((reports.collect::<Result<_, _>>()?, next))
}
