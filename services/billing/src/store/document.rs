//! Table of the documents, and its rows as documents of the vocabulary.

use messages::{
    Money,
    billing::{Document, DocumentKind, DocumentStatus},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use service_kit::{same_names, unreadable};

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "documents")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: String,
    pub customer_id: String,
    pub kind: Kind,
    pub minor: i64,
    pub currency: String,
    pub status: Status,
    /// The open process.
    pub process_id: Option<String>,
    pub issued_at: DateTimeUtc,
    pub voided_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// [`DocumentKind`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub(crate) enum Kind {
    Invoice,
    Receipt,
    CreditNote,
}

/// [`DocumentStatus`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub(crate) enum Status {
    Issued,
    VoidingRequested,
    Voided,
}

same_names!(Kind, DocumentKind: Invoice, Receipt, CreditNote);
same_names!(Status, DocumentStatus: Issued, VoidingRequested, Voided);

impl TryFrom<Model> for Document {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            document_id: row.document_id.try_into().map_err(unreadable)?,
            customer_id: row.customer_id.try_into().map_err(unreadable)?,
            kind: row.kind.into(),
            total: Money::of(row.minor, &row.currency).map_err(unreadable)?,
            status: row.status.into(),
            process_id: row.process_id.map(TryInto::try_into).transpose().map_err(unreadable)?,
            issued_at: row.issued_at,
            voided_at: row.voided_at,
        })
    }
}

impl From<&Document> for ActiveModel {
    fn from(document: &Document) -> Self {
        Self {
            document_id: Set(document.document_id.to_string()),
            customer_id: Set(document.customer_id.to_string()),
            kind: Set(document.kind.into()),
            minor: Set(document.total.minor),
            currency: Set(document.total.currency.code().to_owned()),
            status: Set(document.status.into()),
            process_id: Set(document.process_id.as_ref().map(ToString::to_string)),
            issued_at: Set(document.issued_at),
            voided_at: Set(document.voided_at),
        }
    }
}
