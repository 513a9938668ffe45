//! Tables: their indexes, and the conversion of their values to the vocabulary.

use std::fmt::Display;

use sea_orm::DbErr;
use sea_orm_migration::{SchemaManager, prelude::Index};

/// Converts an enum as it is stored to that of the vocabulary and back; both have the same names.
#[macro_export]
macro_rules! same_names {
    ($stored:ident, $known:ident: $($name:ident),+) => {
        impl From<$known> for $stored {
            fn from(value: $known) -> Self {
                match value { $($known::$name => Self::$name),+ }
            }
        }
        impl From<$stored> for $known {
            fn from(value: $stored) -> Self {
                match value { $($stored::$name => Self::$name),+ }
            }
        }
    };
}

/// Makes a database error for a row whose values are invalid.
pub fn unreadable(error: impl Display) -> DbErr {
    DbErr::Type(format!("an unreadable row: {error}"))
}

/// Creates an index.
///
/// # Errors
/// Returns an error if the database fails.
pub async fn create_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
