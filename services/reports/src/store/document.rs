//! A document under lock, for marking, unmarking and issuing.

use messages::{CustomerId, DocumentId, Money, ProcessId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr, EntityTrait, QuerySelect, sea_query::OnConflict};
use service_kit::{Transaction, unreadable};

use super::{
    entity::{document, marking},
    report,
};
use crate::domain::{Outcome, Standing};

/// A document whose row, and the row of its report, are locked until the transaction ends.
#[derive(Debug)]
pub(crate) struct LockedDocument {
    pub(crate) id: DocumentId,
    /// `None` until Billing's log has announced it.
    pub(crate) known: Option<KnownDocument>,
    pub(crate) marked_by: Option<ProcessId>,
    pub(crate) standing: Standing,
    report_id: Option<String>,
}

/// A document as announced by Billing's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownDocument {
    pub(crate) customer_id: CustomerId,
    pub(crate) total: Money,
}

/// Locks a document. An unknown document gets an empty row, so that a mark and the document's arrival wait for each
/// other.
pub(crate) async fn lock(transaction: &Transaction, id: DocumentId) -> Result<LockedDocument, DbErr> {
    let find = || document::Entity::find_by_id(id.as_str()).lock_exclusive().one(&**transaction);
    let row = match find().await? {
        Some(row) => row,
        None => {
            let row = document::ActiveModel { document_id: Set(id.to_string()), ..Default::default() };
            document::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(&**transaction).await?;
            find().await?.ok_or_else(|| DbErr::RecordNotFound(format!("document {id}")))?
        }
    };
    let standing = match &row.report_id {
        None => Standing::Unknown,
        Some(report) if report::lock_is_open(transaction, report).await? => Standing::Open,
        Some(_) => Standing::Published,
    };
    let known = match (row.customer_id, row.minor, &row.currency) {
        (Some(customer), Some(minor), Some(currency)) => Some(KnownDocument {
            customer_id: customer.try_into().map_err(unreadable)?,
            total: Money::of(minor, currency).map_err(unreadable)?,
        }),
        _ => None,
    };
    let marked_by = row.marked_by.map(ProcessId::try_from).transpose().map_err(unreadable)?;
    Ok(LockedDocument { id, known, marked_by, standing, report_id: row.report_id })
}

impl LockedDocument {
    /// Returns the result of the process's marking of this document so far.
    pub(crate) async fn outcome(
        &self,
        transaction: &Transaction,
        process: &ProcessId,
    ) -> Result<Option<Outcome>, DbErr> {
        let key = (self.id.to_string(), process.to_string());
        Ok(marking::Entity::find_by_id(key).one(&**transaction).await?.map(|row| row.outcome))
    }

    /// Records the result of the process's marking of this document.
    pub(crate) async fn remember(
        &self,
        transaction: &Transaction,
        process: &ProcessId,
        outcome: Outcome,
    ) -> Result<(), DbErr> {
        let row = marking::ActiveModel {
            document_id: Set(self.id.to_string()),
            process_id: Set(process.to_string()),
            outcome: Set(outcome),
        };
        let key = [marking::Column::DocumentId, marking::Column::ProcessId];
        let replace = OnConflict::columns(key).update_column(marking::Column::Outcome).to_owned();
        marking::Entity::insert(row).on_conflict(replace).exec_without_returning(&**transaction).await.map(drop)
    }

    /// Sets or removes the mark, and updates the document's entry in its open report.
    pub(crate) async fn set_mark(&self, transaction: &Transaction, process: Option<&ProcessId>) -> Result<(), DbErr> {
        let row = document::ActiveModel {
            document_id: Set(self.id.to_string()),
            marked_by: Set(process.map(ToString::to_string)),
            ..Default::default()
        };
        row.update(&**transaction).await?;
        match (&self.report_id, self.standing) {
            (Some(report), Standing::Open) => {
                report::set_voided(transaction, report, &self.id, process.is_some()).await
            }
            _ => Ok(()),
        }
    }

    /// Enters the document, with this data, into its customer's open report.
    pub(crate) async fn enter(
        &self,
        transaction: &Transaction,
        known: &KnownDocument,
        voided: bool,
    ) -> Result<(), DbErr> {
        let report_id = report::lock_open(transaction, &known.customer_id).await?;
        report::enter(transaction, &report_id, &self.id, known.total, voided).await?;
        let row = document::ActiveModel {
            document_id: Set(self.id.to_string()),
            customer_id: Set(Some(known.customer_id.to_string())),
            minor: Set(Some(known.total.minor)),
            currency: Set(Some(known.total.currency.code().to_owned())),
            report_id: Set(Some(report_id)),
            ..Default::default()
        };
        row.update(&**transaction).await.map(drop)
    }
}
