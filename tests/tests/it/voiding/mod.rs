//! The voiding process from end to end, over REST.

mod billing_away;
mod errors;
mod headers;
mod list;
mod list_pages;
mod logs;
mod no_worker;
mod parallel;
mod paths;
mod prefer;
mod ready;
mod rules;
mod starts;
mod support;
mod temporal_away;
mod views;

pub(crate) use support::{ack, await_state, ended_as, has_failed_task, issue_published, published_and_refused, start};
