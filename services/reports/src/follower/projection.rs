//! Projects Billing's events into the reports. Each event counts once: its effect and the position share one
//! transaction.

use std::time::{Duration, Instant};

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
    /// The batch is projected.
    All,
    /// Another replica has moved the position meanwhile.
    ByAnother,
    /// Everything before this event is projected; the event cannot be read.
    Unreadable { position: Position, reason: String },
}

/// The type of the projected events.
const ISSUED: &str = "DocumentIssued";
/// Events that do not concern the reports are committed separately only after this time; after a crash they are read
/// again.
pub(super) const COMMIT_AFTER: Duration = Duration::from_secs(1);

/// The progress of the projection.
#[derive(Debug)]
pub(super) struct Projection {
    committed: FeedPosition,
    committed_at: Instant,
    /// Beyond the committed position there are only events that do not concern the reports.
    seen: FeedPosition,
}

impl Projection {
    /// Begins at the position in the database.
    pub(super) fn begin(committed: FeedPosition) -> Self {
        Self { seen: committed.clone(), committed, committed_at: Instant::now() }
    }

    /// Returns the position up to which the log has been projected.
    pub(super) fn at(&self) -> &FeedPosition {
        &self.seen
    }

    /// Returns whether the position of some events that were seen is not committed yet.
    pub(super) fn is_ahead(&self) -> bool {
        self.seen.position > self.committed.position
    }

    /// Projects the next batch; an empty one means that nothing has arrived for a while.
    ///
    /// Each issued document has its own transaction: several in one would take their locks in an order that a mark
    /// could reverse. Events that do not concern the reports are committed with the next one that does, or later.
    pub(super) async fn project(
        &mut self,
        database: &Database,
        events: &[FeedEvent],
        skip: &Skip,
    ) -> Result<Projected, DbErr> {
        for event in events {
            let next = event.passed(&self.seen);
            match issued(event) {
                Ok(None) => (),
                Ok(Some(issued)) => {
                    if !self.commit(database, &next, Some(issued)).await? {
                        return Ok(Projected::ByAnother);
                    }
                }
                Err(reason) if skip.has(next.position) => {
                    tracing::error!(position = next.position, reason, "passed over an event of Billing, as configured");
                }
                Err(reason) => {
                    let is_ours = self.commit_seen(database).await?;
                    let unreadable = Projected::Unreadable { position: next.position, reason };
                    return Ok(if is_ours { unreadable } else { Projected::ByAnother });
                }
            }
            self.seen = next;
        }
        let is_due = events.is_empty() || self.committed_at.elapsed() >= COMMIT_AFTER;
        if is_due && !self.commit_seen(database).await? {
            return Ok(Projected::ByAnother);
        }
        Ok(Projected::All)
    }

    async fn commit_seen(&mut self, database: &Database) -> Result<bool, DbErr> {
        let seen = self.seen.clone();
        Ok(!self.is_ahead() || self.commit(database, &seen, None).await?)
    }

    /// Moves the position, with the document that the event there issues. Returns `false` if another replica has moved
    /// it.
    async fn commit(
        &mut self,
        database: &Database,
        to: &FeedPosition,
        issued: Option<DocumentIssued>,
    ) -> Result<bool, DbErr> {
        let transaction = database.begin().await?;
        if !store::move_position(&transaction, &self.committed, to).await? {
            return Ok(false);
        }
        if let Some(issued) = issued {
            add(&transaction, issued).await?;
        }
        transaction.commit().await?;
        (self.committed, self.committed_at) = (to.clone(), Instant::now());
        Ok(true)
    }
}

/// Adds a document to its customer's open report; as voided if its mark arrived first.
async fn add(transaction: &Transaction, issued: DocumentIssued) -> Result<(), DbErr> {
    let document = store::lock(transaction, issued.document_id).await?;
    if document.known.is_some() {
        tracing::debug!(document_id = %document.id, "the document is known already");
        return Ok(());
    }
    let known = KnownDocument { customer_id: issued.customer_id, total: issued.total };
    document.enter(transaction, &known, document.marked_by.is_some()).await
}

/// Returns the document that an event issues, or an error if the event may issue one that cannot be read. Events of
/// other types do not concern the reports, whatever they contain.
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
