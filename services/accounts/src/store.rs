//! Accounts and transfers in the database.
//!
//! The lock order is: idempotency key, transfer, account, head of the event log. No transaction changes two
//! accounts.

mod account;
mod transfer;

pub(crate) use self::{
    account::{accounts, close_account, find_account, insert_account, lock_account, lock_opened, set_balance},
    transfer::{Filter, find_transfer, insert_transfer, lock_transfer, set_status, transfers},
};
