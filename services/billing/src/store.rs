//! Billing's documents and processes in its database.

mod document;
mod page;
mod process;

use chrono::{DateTime, Utc};
use messages::{
    DocumentId, ProcessId,
    billing::{Document, DocumentStatus, DocumentVoiding},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr, EntityTrait, QuerySelect, TryInsertResult};
use service_kit::{Database, Transaction};

pub(crate) use self::page::{Filter, page};
use crate::domain::ProcessState;

/// A document by its id.
pub(crate) async fn find(database: &Database, id: &DocumentId) -> Result<Option<Document>, DbErr> {
    document::Entity::find_by_id(id.as_str()).one(database.reader()).await?.map(Document::try_from).transpose()
}

/// A document by its id, locked until the transaction ends.
pub(crate) async fn lock(transaction: &Transaction, id: &DocumentId) -> Result<Option<Document>, DbErr> {
    let row = document::Entity::find_by_id(id.as_str()).lock_exclusive().one(&**transaction).await?;
    row.map(Document::try_from).transpose()
}

/// Adds a document; `false` when there is one of its id.
pub(crate) async fn insert(transaction: &Transaction, new: &Document) -> Result<bool, DbErr> {
    let inserted = document::Entity::insert(document::ActiveModel::from(new))
        .on_conflict_do_nothing()
        .exec_without_returning(&**transaction)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// Where a process of this document stands; `None` when the document never had it.
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

/// Brings a document's process to a state, and the document with it.
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
