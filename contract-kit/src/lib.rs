//! The contract kit: checks whether a service keeps the contract that the process managers rely on (docs/CONTRACT.md).
//!
//! It sends commands over HTTP and reads the service's log, as a process manager does, and names each rule that the
//! service breaks. It makes its own documents, accounts, customers and contracts, whose ids begin with `contract-kit-`,
//! and touches no others.

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
    http::Notice,
    kind::Kind,
    program::main,
    report::{Finding, Report, Verdict},
    rules::Rule,
};
use crate::{
    http::{Http, Stop},
    rules::{RESTART_KEYS, RESTART_LOG},
    session::Session,
};

/// Restarts the services when it is awaited. The error says why that failed.
pub type Restart<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Checks the services at these addresses, one after the other. If there is a `restart`, it is awaited once between the
/// two halves of the check, if the first half has succeeded for any service. `notice` receives the progress of the
/// check.
pub async fn check(services: &BTreeMap<Kind, Url>, restart: Option<Restart<'_>>, notice: Notice) -> Vec<Report> {
    let billing = services.get(&Kind::Billing).map(|url| Http::new(url.clone(), notice));
    let mut sessions = Vec::new();
    for (kind, url) in services {
        let mut session = Session::new(*kind, Http::new(url.clone(), notice));
        notice(&format!("Checking {kind} at {}", session.http.address()));
        walk(&mut session, billing.as_ref()).await;
        sessions.push(session);
    }
    match restart {
        None => sessions.iter_mut().for_each(|session| session.skip_restart("needs --restart or --wait-for-restart")),
        Some(restart) if sessions.iter().any(Session::has_story) => restarted(&mut sessions, restart, notice).await,
        Some(_) => (),
    }
    sessions.into_iter().map(Session::into_report).collect()
}

async fn walk(session: &mut Session, billing: Option<&Http>) {
    let begun = begin(session).await;
    if begun.is_err() {
        return session.ended(begun, |_| true);
    }
    let walked = walks::walk(session, billing).await;
    session.ended(walked, |rule| !rule.is_for_all());
    // The events of a walk that ended early are checked as well.
    let judged = story::check(session).await;
    session.ended(judged, |_| true);
}

async fn begin(session: &mut Session) -> Result<(), Stop> {
    session.begin().await?;
    keys::check(session).await?;
    log::check(session).await
}

async fn restarted(sessions: &mut [Session], restart: Restart<'_>, notice: Notice) {
    notice("Awaiting the restart");
    let restarted = restart.await.map_err(Stop);
    if restarted.is_ok() {
        notice("Checking what has to outlive the restart");
    }
    for session in sessions.iter_mut().filter(|session| session.has_story()) {
        let checked = match &restarted {
            Ok(()) => restart::check(session).await,
            Err(stop) => Err(stop.clone()),
        };
        session.ended(checked, |rule| matches!(rule, RESTART_LOG | RESTART_KEYS));
    }
}
