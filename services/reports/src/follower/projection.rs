//! Projects Billing's events into the reports. Each event counts once: its effect and the position are one transaction.

use messages::{
    Position,
    billing::{DocumentIssued, Event},
};
use process_manager_client::feed::{FeedEvent, FeedPosition};
use sea_orm::DbErr;
use serde_json::json;
use service_kit::{Database, Transaction};

use super::Skip;
use crate::store::{self, KnownDocument};

/// Result of a batch.
pub(super) enum Projected {
    /// The new position.
    UpTo(FeedPosition),
    /// Another replica has moved the position meanwhile.
    ByAnother,
    /// All before this event are projected; it cannot be read.
    Unreadable { position: Position, reason: String },
}

/// The type of the events that are projected.
const ISSUED: &str = "DocumentIssued";

/// Projects a batch that was read after `from`.
///
/// Each issued document has a transaction of its own: several in one would take their locks in an order that a mark could
/// reverse. One more transaction covers events at the end that do not concern the reports.
pub(super) async fn project(
    database: &Database,
    from: &FeedPosition,
    events: &[FeedEvent],
    skip: &Skip,
) -> Result<Projected, DbErr> {
    let mut done = from.clone();
    let mut seen = from.clone();
    let mut unreadable = None;
    for event in events {
        let next = event.passed(&seen);
        match issued(event) {
            Ok(None) => (),
            Ok(Some(issued)) => {
                if !commit(database, &done, &next, Some(issued)).await? {
                    return Ok(Projected::ByAnother);
                }
                done = next.clone();
            }
            Err(reason) if skip.has(next.position) => {
                tracing::error!(position = next.position, reason, "passed over an event of Billing, as configured");
            }
            Err(reason) => {
                unreadable = Some(Projected::Unreadable { position: next.position, reason });
                break;
            }
        }
        seen = next;
    }
    if seen.position > done.position && !commit(database, &done, &seen, None).await? {
        return Ok(Projected::ByAnother);
    }
    Ok(unreadable.unwrap_or(Projected::UpTo(seen)))
}

async fn commit(
    database: &Database,
    from: &FeedPosition,
    to: &FeedPosition,
    issued: Option<DocumentIssued>,
) -> Result<bool, DbErr> {
    let transaction = database.begin().await?;
    if !store::move_position(&transaction, from, to).await? {
        return Ok(false);
    }
    if let Some(issued) = issued {
        add(&transaction, issued).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// Adds a document to its customer's open report; as voided if it was marked before it came.
async fn add(transaction: &Transaction, issued: DocumentIssued) -> Result<(), DbErr> {
    let document = store::lock(transaction, issued.document_id).await?;
    if document.known.is_some() {
        tracing::debug!(document_id = %document.id, "the document is known already");
        return Ok(());
    }
    let known = KnownDocument { customer_id: issued.customer_id, total: issued.total };
    document.enter(transaction, &known, document.marked_by.is_some()).await
}

/// Returns the document that an event issues; an error where it may issue one that cannot be read. Events of other types
/// do not concern the reports, whatever they hold.
fn issued(event: &FeedEvent) -> Result<Option<DocumentIssued>, String> {
    let event = match event {
        FeedEvent::Event(event) if event.kind == ISSUED => event,
        FeedEvent::Event(_) => return Ok(None),
        FeedEvent::Malformed { kind: Some(kind), position, reason, .. } if kind != ISSUED => {
            tracing::warn!(position, reason, "passed over a malformed {kind} of Billing");
            return Ok(None);
        }
        FeedEvent::Malformed { reason, .. } => return Err(reason.clone()),
    };
    match serde_json::from_value(json!({ "type": event.kind, "data": event.data })) {
        Ok(Event::DocumentIssued(issued)) => Ok(Some(issued)),
        Ok(_) => Ok(None),
        Err(error) => Err(format!("{ISSUED}: {error}")),
    }
}
