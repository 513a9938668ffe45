//! Reports and the documents in them.

use messages::{
    Currency, CustomerId, DocumentId, Money, ReportId,
    reports::{Report, ReportStatus, ReportedDocument},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
    sea_query::{Expr, OnConflict},
};
use service_kit::{Database, Transaction, new_id, now};

use super::{
    entity::{
        entry,
        report::{ActiveModel, Column, Entity, Model, Status},
    },
    unreadable,
};
use crate::domain::totals;

/// Locks a report and says whether it is open.
pub(super) async fn lock_is_open(transaction: &Transaction, id: &str) -> Result<bool, DbErr> {
    let row = Entity::find_by_id(id).lock_exclusive().one(&**transaction).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("report {id}")))?;
    Ok(row.status == Status::Open)
}

/// Locks the customer's open report, opening one if there is none; its id.
pub(super) async fn lock_open(transaction: &Transaction, customer: &CustomerId) -> Result<String, DbErr> {
    // Where another transaction publishes the report or opens the next one just now, the second look finds it.
    loop {
        if let Some(row) = find_open(transaction, customer).await? {
            return Ok(row.report_id);
        }
        let row = ActiveModel {
            report_id: Set(new_id()),
            customer_id: Set(customer.to_string()),
            number: Set(last_number(transaction, customer).await? + 1),
            status: Set(Status::Open),
            opened_at: Set(now()),
            published_at: Set(None),
        };
        let id = row.report_id.clone().take().unwrap_or_default();
        let insert = Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned()).try_insert();
        if matches!(insert.exec_without_returning(&**transaction).await?, TryInsertResult::Inserted(1..)) {
            return Ok(id);
        }
    }
}

async fn find_open(transaction: &Transaction, customer: &CustomerId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::CustomerId.eq(customer.as_str()))
        .filter(Column::Status.eq(Status::Open))
        .lock_exclusive()
        .one(&**transaction)
        .await
}

async fn last_number(transaction: &Transaction, customer: &CustomerId) -> Result<i64, DbErr> {
    let last = Entity::find()
        .filter(Column::CustomerId.eq(customer.as_str()))
        .order_by_desc(Column::Number)
        .one(&**transaction)
        .await?;
    Ok(last.map_or(0, |row| row.number))
}

/// Publishes the customer's open report; `None` when there is none.
pub(crate) async fn publish_open(transaction: &Transaction, customer: &CustomerId) -> Result<Option<Report>, DbErr> {
    let Some(open) = find_open(transaction, customer).await? else { return Ok(None) };
    let row = ActiveModel {
        report_id: Set(open.report_id),
        status: Set(Status::Published),
        published_at: Set(Some(now())),
        ..Default::default()
    };
    let row = row.update(&**transaction).await?;
    let entries = entries(&**transaction, [row.report_id.clone()]).await?;
    view(row, entries).map(Some)
}

/// Adds a document at the end of a report that is locked.
pub(super) async fn enter(
    transaction: &Transaction,
    report: &str,
    document: &DocumentId,
    total: Money,
    voided: bool,
) -> Result<(), DbErr> {
    let last = entry::Entity::find()
        .filter(entry::Column::ReportId.eq(report))
        .order_by_desc(entry::Column::Place)
        .one(&**transaction)
        .await?;
    let row = entry::ActiveModel {
        report_id: Set(report.to_owned()),
        place: Set(last.map_or(0, |last| last.place) + 1),
        document_id: Set(document.to_string()),
        minor: Set(total.minor),
        currency: Set(total.currency.code().to_owned()),
        voided: Set(voided),
    };
    entry::Entity::insert(row).exec_without_returning(&**transaction).await.map(drop)
}

/// Takes a document out of the total of a report that is locked and open, or puts it back.
pub(super) async fn set_voided(
    transaction: &Transaction,
    report: &str,
    document: &DocumentId,
    voided: bool,
) -> Result<(), DbErr> {
    let changed = entry::Entity::update_many()
        .col_expr(entry::Column::Voided, Expr::value(voided))
        .filter(entry::Column::ReportId.eq(report))
        .filter(entry::Column::DocumentId.eq(document.as_str()))
        .exec(&**transaction)
        .await?;
    match changed.rows_affected {
        1 => Ok(()),
        _ => Err(DbErr::RecordNotFound(format!("document {document} in report {report}"))),
    }
}

/// A report by its id.
pub(crate) async fn find(database: &Database, id: &ReportId) -> Result<Option<Report>, DbErr> {
    let Some(row) = Entity::find_by_id(id.as_str()).one(database.reader()).await? else { return Ok(None) };
    let entries = entries(database.reader(), [row.report_id.clone()]).await?;
    view(row, entries).map(Some)
}

/// The documents of these reports, each report's in the order in which they came.
pub(super) async fn entries(
    connection: &impl sea_orm::ConnectionTrait,
    reports: impl IntoIterator<Item = String>,
) -> Result<Vec<entry::Model>, DbErr> {
    entry::Entity::find()
        .filter(entry::Column::ReportId.is_in(reports))
        .order_by_asc(entry::Column::Place)
        .all(connection)
        .await
}

/// A report with its own documents among `entries`.
pub(super) fn view(row: Model, entries: impl IntoIterator<Item = entry::Model>) -> Result<Report, DbErr> {
    let own = entries.into_iter().filter(|entry| entry.report_id == row.report_id);
    let documents = own.map(reported).collect::<Result<Vec<_>, _>>()?;
    Ok(Report {
        report_id: row.report_id.try_into().map_err(unreadable)?,
        customer_id: row.customer_id.try_into().map_err(unreadable)?,
        number: row.number,
        status: row.status.into(),
        totals: totals(&documents),
        documents,
        published_at: row.published_at,
    })
}

fn reported(entry: entry::Model) -> Result<ReportedDocument, DbErr> {
    let currency = Currency::from_code(&entry.currency).map_err(unreadable)?;
    Ok(ReportedDocument {
        document_id: entry.document_id.try_into().map_err(unreadable)?,
        total: Money { minor: entry.minor, currency },
        voided: entry.voided,
    })
}

impl From<Status> for ReportStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Published => Self::Published,
        }
    }
}

impl From<ReportStatus> for Status {
    fn from(status: ReportStatus) -> Self {
        match status {
            ReportStatus::Open => Self::Open,
            ReportStatus::Published => Self::Published,
        }
    }
}
