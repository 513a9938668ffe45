//! Accounts and transfers in the database.
//!
//! Locks are taken in this order: idempotency key, transfer, account, head of the event log. No transaction changes two
//! accounts.

mod account;
mod page;
mod transfer;

pub(crate) use self::{
    account::{close_account, find_account, insert_account, lock_account, lock_opened, set_balance},
    page::{Filter, accounts, transfers},
    transfer::{find_transfer, insert_transfer, lock_transfer, set_status},
};

/// Gives a stored enum and the one of the vocabulary the same names.
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
use same_names;

/// Money of two columns.
fn money(minor: i64, currency: &str) -> Result<messages::Money, sea_orm::DbErr> {
    let currency = messages::Currency::from_code(currency).map_err(unreadable)?;
    Ok(messages::Money { minor, currency })
}

fn unreadable(error: impl std::fmt::Display) -> sea_orm::DbErr {
    sea_orm::DbErr::Type(format!("a row: {error}"))
}
