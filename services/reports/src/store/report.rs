//! Reports and the documents in them.

use std::collections::HashMap;

use messages::{
    CustomerId, DocumentId, Money, Page, ReportId,
    reports::{Report, ReportStatus, ReportedDocument},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
    sea_query::{Expr, OnConflict},
};
use service_kit::{Database, PageRequest, Transaction, new_id, now, same_names, unreadable};

use super::{
    entity::{
        entry,
        report::{ActiveModel, Column, Entity, Model, Status},
    },
    sums::{self, Sums},
};

/// Number of documents that a list shows of each report: an open report may have any number.
const LISTED_DOCUMENTS: i64 = 100;

/// Locks a report and returns whether it is open.
pub(super) async fn lock_is_open(transaction: &Transaction, id: &str) -> Result<bool, DbErr> {
    let row = Entity::find_by_id(id).lock_exclusive().one(&**transaction).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("report {id}")))?;
    Ok(row.status == Status::Open)
}

/// Locks the customer's open report, or opens one, and returns its id.
pub(super) async fn lock_open(transaction: &Transaction, customer: &CustomerId) -> Result<String, DbErr> {
    // If another transaction publishes the report or opens the next one at this moment, the second look finds it.
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

/// Publishes the customer's open report, if there is one.
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

/// Adds a document at the end of a locked report.
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

/// Takes a document out of the total of a locked, open report, or puts it back.
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

/// The reports that a list shows.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Only those of this customer.
    pub(crate) customer_id: Option<CustomerId>,
    /// Only those with this status.
    pub(crate) status: Option<ReportStatus>,
}

/// Reads a page of reports, newest first.
pub(crate) async fn reports(database: &Database, filter: Filter, request: PageRequest) -> Result<Page<Report>, DbErr> {
    let chosen = Condition::all()
        .add_option(filter.customer_id.map(|customer| Column::CustomerId.eq(customer.as_str())))
        .add_option(filter.status.map(|status| Column::Status.eq(Status::from(status))));
    let newest = request.newest(database, Entity::find().filter(chosen), (Column::OpenedAt, Column::ReportId));
    let Page { items, next_cursor } = newest.await?;
    let sums = sums::of(database.reader(), items.iter().map(|row| row.report_id.clone())).await?;
    let mut by_report: HashMap<String, Vec<entry::Model>> = HashMap::new();
    for entry in newest_entries(database.reader(), &sums).await? {
        by_report.entry(entry.report_id.clone()).or_default().push(entry);
    }
    let reports = items.into_iter().map(|row| {
        let own = by_report.remove(&row.report_id).unwrap_or_default();
        let sums = sums.get(&row.report_id).cloned().unwrap_or_default();
        show(row, own, sums)
    });
    Ok(Page { items: reports.collect::<Result<_, _>>()?, next_cursor })
}

/// Finds a report by its id.
pub(crate) async fn find(database: &Database, id: &ReportId) -> Result<Option<Report>, DbErr> {
    let Some(row) = Entity::find_by_id(id.as_str()).one(database.reader()).await? else { return Ok(None) };
    let entries = entries(database.reader(), [row.report_id.clone()]).await?;
    view(row, entries).map(Some)
}

/// Reads the documents of these reports; within each report in the order of arrival.
async fn entries(
    connection: &impl sea_orm::ConnectionTrait,
    reports: impl IntoIterator<Item = String>,
) -> Result<Vec<entry::Model>, DbErr> {
    entry::Entity::find()
        .filter(entry::Column::ReportId.is_in(reports))
        .order_by_asc(entry::Column::Place)
        .all(connection)
        .await
}

/// Reads the newest documents of the reports that a list shows; within each report in the order of arrival.
async fn newest_entries(
    connection: &impl sea_orm::ConnectionTrait,
    sums: &HashMap<String, Sums>,
) -> Result<Vec<entry::Model>, DbErr> {
    let newest = sums.iter().map(|(report, sums)| {
        let of_report = Condition::all().add(entry::Column::ReportId.eq(report.as_str()));
        of_report.add(entry::Column::Place.gt(sums.last_place - LISTED_DOCUMENTS))
    });
    let chosen = newest.fold(Condition::any(), Condition::add);
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    entry::Entity::find().filter(chosen).order_by_asc(entry::Column::Place).all(connection).await
}

/// Makes a report from its row and all of its documents.
fn view(row: Model, entries: Vec<entry::Model>) -> Result<Report, DbErr> {
    let sums = Sums::of_entries(&entries)?;
    show(row, entries, sums)
}

/// Makes a report from its row, its sums, and the documents to show.
fn show(row: Model, entries: Vec<entry::Model>, sums: Sums) -> Result<Report, DbErr> {
    Ok(Report {
        report_id: row.report_id.try_into().map_err(unreadable)?,
        customer_id: row.customer_id.try_into().map_err(unreadable)?,
        number: row.number,
        status: row.status.into(),
        totals: sums.totals,
        document_count: sums.documents,
        voided_count: sums.voided,
        documents: entries.into_iter().map(reported).collect::<Result<_, _>>()?,
        published_at: row.published_at,
    })
}

fn reported(entry: entry::Model) -> Result<ReportedDocument, DbErr> {
    Ok(ReportedDocument {
        document_id: entry.document_id.try_into().map_err(unreadable)?,
        total: Money::of(entry.minor, &entry.currency).map_err(unreadable)?,
        voided: entry.voided,
    })
}

same_names!(Status, ReportStatus: Open, Published);
