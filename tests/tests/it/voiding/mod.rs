//! The voiding of a document, through the whole system.

mod crashes;
mod failures;
mod http;
mod list;
mod logs;
mod paths;
mod races;
pub(crate) mod signals;
mod starts;
mod views;
mod watched;
