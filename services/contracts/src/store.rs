//! Customers, contracts and changes of credit ratings in the database.
//!
//! The lock order is: idempotency key, customer, contract, head of the event log. No transaction changes two contracts.

mod contract;
mod credit_change;
mod customer;
mod reminder;

pub(crate) use self::{
    contract::{
        Filter, contracts, find_contract, insert_contract, lock_contract, set_opened_position, update_contract,
    },
    credit_change::{find_change, find_credit_change, insert_credit_change},
    customer::{find_customer, insert_customer, lock_customer, lock_registered, set_rating},
    reminder::insert_reminder,
};
