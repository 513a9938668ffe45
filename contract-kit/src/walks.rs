//! Each service's own rules: a walk through its commands.

mod accounts;
mod billing;
mod contracts;
mod published;
mod reports;

use crate::{
    Kind,
    http::{Http, Stop},
    session::Session,
};

pub(crate) async fn walk(session: &mut Session, billing: Option<&Http>) -> Result<(), Stop> {
    match session.kind {
        Kind::Billing => billing::walk(session).await,
        Kind::Reports => {
            reports::walk(session).await?;
            published::walk(session, billing).await
        }
        Kind::Accounts => accounts::walk(session).await,
        Kind::Contracts => contracts::walk(session).await,
    }
}
