//! The contract kit: tells whether a service keeps the contract that the process managers rely on (docs/CONTRACT.md).
//!
//! It sends commands over HTTP and reads the service's log, as a process manager does, and names each rule that the
//! service breaks. It makes documents, accounts, customers and contracts of its own, whose ids begin with
//! `contract-kit-`, and touches no others.

mod http;
mod keys;
mod kind;
mod log;
mod page;
mod program;
mod report;
mod restart;
pub mod rules;
mod session;
mod story;
mod walks;

use std::{collections::BTreeMap, future::Future, pin::Pin};

use url::Url;

pub use self::{
    kind::Kind,
    program::main,
    report::{Finding, Report, Verdict},
    rules::Rule,
};
use crate::{
    http::{Http, Stop},
    session::Session,
};

/// Restarts the services when it is awaited. The error says why that failed.
pub type Restart<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Checks the services at these addresses, one after the other. Where there is a `restart`, it is awaited once between
/// the two halves of the check.
pub async fn check(services: &BTreeMap<Kind, Url>, restart: Option<Restart<'_>>) -> Vec<Report> {
    let billing = services.get(&Kind::Billing).cloned().map(Http::new);
    let mut sessions = Vec::new();
    for (kind, url) in services {
        let mut session = Session::new(*kind, Http::new(url.clone()));
        let walked = walk(&mut session, billing.as_ref()).await;
        session.ended(walked);
        sessions.push(session);
    }
    let restarted = match restart {
        Some(restart) => restart.await,
        None => Err("run it with --restart or --wait-for-restart".to_owned()),
    };
    for session in &mut sessions {
        match &restarted {
            Ok(()) => {
                let checked = restart::check(session).await;
                session.ended(checked);
            }
            Err(why) => session.skip_restart(why),
        }
    }
    sessions.into_iter().map(Session::into_report).collect()
}

async fn walk(session: &mut Session, billing: Option<&Http>) -> Result<(), Stop> {
    session.begin().await?;
    keys::check(session).await?;
    log::check(session).await?;
    let walked = walks::walk(session, billing).await;
    // The events of a walk that ended early are judged as well.
    session.walk_ended(walked);
    story::check(session).await
}
