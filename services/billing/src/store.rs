//! Billing's documents and processes in its database.

mod document;
mod process;

use chrono::{DateTime, Utc};
use messages::{
    CustomerId, DocumentId, Page, ProcessId,
    billing::{Document, DocumentStatus, DocumentVoiding},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect,
    TryInsertResult,
};
use service_kit::{Database, PageRequest, Transaction};

use crate::domain::ProcessState;

/// The documents that a list shows.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Only those of this customer.
    pub(crate) customer_id: Option<CustomerId>,
    /// Only those with this status.
    pub(crate) status: Option<DocumentStatus>,
    /// Only those with an open process.
    pub(crate) in_process: bool,
}

/// Reads a page of documents, newest first.
pub(crate) async fn documents(
    database: &Database,
    filter: Filter,
    request: PageRequest,
) -> Result<Page<Document>, DbErr> {
    use document::Column::{self, DocumentId, IssuedAt};
    let chosen = Condition::all()
        .add_option(filter.customer_id.map(|customer| Column::CustomerId.eq(customer.as_str())))
        .add_option(filter.status.map(|status| Column::Status.eq(document::Status::from(status))))
        .add_option(filter.in_process.then(|| Column::ProcessId.is_not_null()));
    let rows = document::Entity::find().filter(chosen);
    let Page { items, next_cursor } = request.newest(database, rows, (IssuedAt, DocumentId)).await?;
    Ok(Page { items: items.into_iter().map(Document::try_from).collect::<Result<_, _>>()?, next_cursor })
}

/// Finds a document by its id.
pub(crate) async fn find(database: &Database, id: &DocumentId) -> Result<Option<Document>, DbErr> {
    document::Entity::find_by_id(id.as_str()).one(database.reader()).await?.map(Document::try_from).transpose()
}

/// Finds a document by its id and locks it until the transaction ends.
pub(crate) async fn lock(transaction: &Transaction, id: &DocumentId) -> Result<Option<Document>, DbErr> {
    let row = document::Entity::find_by_id(id.as_str()).lock_exclusive().one(&**transaction).await?;
    row.map(Document::try_from).transpose()
}

/// Inserts a document, unless there is one with its id.
pub(crate) async fn insert(transaction: &Transaction, new: &Document) -> Result<bool, DbErr> {
    let inserted = document::Entity::insert(document::ActiveModel::from(new))
        .on_conflict_do_nothing()
        .exec_without_returning(&**transaction)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// Returns the state of a process of this document, or `None` if the document never had it.
pub(crate) async fn process_state(
    transaction: &Transaction,
    document: &DocumentId,
    id: &ProcessId,
) -> Result<Option<ProcessState>, DbErr> {
    let row = process::Entity::find_by_id(id.as_str()).one(&**transaction).await?;
    Ok(row.filter(|row| row.document_id == document.as_str()).map(|row| row.state))
}

/// Opens a process for a document.
pub(crate) async fn open_process(
    transaction: &Transaction,
    voiding: &DocumentVoiding,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = process::ActiveModel {
        process_id: Set(voiding.process_id.to_string()),
        document_id: Set(voiding.document_id.to_string()),
        state: Set(ProcessState::Requested),
        requested_at: Set(at),
    };
    process::Entity::insert(row).exec_without_returning(&**transaction).await?;
    update_document(transaction, voiding, ProcessState::Requested, at).await
}

/// Moves a document's process to a state, and the document with it.
pub(crate) async fn move_process(
    transaction: &Transaction,
    voiding: &DocumentVoiding,
    state: ProcessState,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = process::ActiveModel {
        process_id: Set(voiding.process_id.to_string()),
        state: Set(state),
        ..Default::default()
    };
    row.update(&**transaction).await?;
    update_document(transaction, voiding, state, at).await
}

async fn update_document(
    transaction: &Transaction,
    voiding: &DocumentVoiding,
    state: ProcessState,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let (status, is_open) = match state {
        ProcessState::Requested => (DocumentStatus::VoidingRequested, true),
        ProcessState::Aborted => (DocumentStatus::Issued, true),
        ProcessState::Voided => (DocumentStatus::Voided, false),
        ProcessState::Closed => (DocumentStatus::Issued, false),
    };
    let row = document::ActiveModel {
        document_id: Set(voiding.document_id.to_string()),
        status: Set(status.into()),
        process_id: Set(is_open.then(|| voiding.process_id.to_string())),
        voided_at: Set((state == ProcessState::Voided).then_some(at)),
        ..Default::default()
    };
    row.update(&**transaction).await.map(drop)
}
