//! Projects Billing's events into the reports. Each event counts once: its effect and the position are one transaction.

use messages::billing::{DocumentIssued, Event};
use process_manager_client::feed::{FeedEvent, FeedPosition};
use sea_orm::DbErr;
use serde_json::json;
use service_kit::{Database, Transaction};

use crate::store::{self, KnownDocument};

/// Result of a batch.
pub(super) enum Projected {
    /// The new position.
    UpTo(FeedPosition),
    /// Another replica has moved the position meanwhile.
    ByAnother,
}

/// Projects a batch that was read after `from`.
///
/// Each issued document has a transaction of its own: several in one would take their locks in an order that a mark could
/// reverse. One more transaction covers events at the end that do not concern the reports.
pub(super) async fn project(
    database: &Database,
    from: &FeedPosition,
    events: &[FeedEvent],
) -> Result<Projected, DbErr> {
    let mut done = from.clone();
    let mut seen = from.clone();
    for event in events {
        seen = event.passed(&seen);
        if let Some(issued) = issued(event) {
            if !commit(database, &done, &seen, Some(issued)).await? {
                return Ok(Projected::ByAnother);
            }
            done = seen.clone();
        }
    }
    if seen.position > done.position && !commit(database, &done, &seen, None).await? {
        return Ok(Projected::ByAnother);
    }
    Ok(Projected::UpTo(seen))
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

/// Returns the document that an event issues. A malformed event is logged and skipped, so that it does not hold up the
/// rest.
fn issued(event: &FeedEvent) -> Option<DocumentIssued> {
    let event = match event {
        FeedEvent::Event(event) => event,
        FeedEvent::Malformed { position, reason, .. } => {
            tracing::warn!(position, reason, "passed over a malformed event of Billing");
            return None;
        }
    };
    if event.kind != "DocumentIssued" {
        return None;
    }
    match serde_json::from_value(json!({ "type": event.kind, "data": event.data })) {
        Ok(Event::DocumentIssued(issued)) => Some(issued),
        Ok(_) => None,
        Err(error) => {
            let (position, correlation_id) = (event.sequence, event.correlationid.as_str());
            tracing::warn!(position, correlation_id, %error, "passed over a malformed DocumentIssued");
            None
        }
    }
}
