//! Appends events in the transaction that changes the data.

use process_manager_wire::{Position, tagged};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, Iterable, QuerySelect,
    sea_query::{CommonTableExpression, Expr, Query, UnionType},
};
use serde::Serialize;
use serde_json::Value;

use super::entity::{event, log};
use crate::{Transaction, new_id, now};

/// An event that is about to be recorded.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its name.
    pub kind: String,
    /// Id of its subject, such as a document or an account.
    pub subject: String,
    /// The process id. Outside a process the request's correlation id, or `None` for the event's own id.
    pub correlation_id: Option<String>,
    /// The message that directly caused it.
    pub causation_id: String,
    /// Its data.
    pub data: Value,
}

impl NewEvent {
    /// Makes an event from an enum that is tagged with `type` and `data`, like those in `messages`.
    ///
    /// # Errors
    /// Returns an error if the enum is not tagged in this way.
    pub fn new<E: Serialize>(
        event: &E,
        subject: &str,
        correlation_id: Option<&str>,
        causation_id: &str,
    ) -> Result<Self, DbErr> {
        let (kind, data) = tagged(event).ok_or_else(|| DbErr::Json("an event has a type and data".to_owned()))?;
        Ok(Self {
            kind,
            subject: subject.to_owned(),
            correlation_id: correlation_id.map(str::to_owned),
            causation_id: causation_id.to_owned(),
            data,
        })
    }
}

/// Appends events. It must be the last step of a transaction before its commit: from here on no other transaction can
/// append.
///
/// # Errors
/// Returns an error if the database fails.
pub async fn append(transaction: &mut Transaction, events: Vec<NewEvent>) -> Result<(), DbErr> {
    let count = Position::try_from(events.len()).map_err(|error| DbErr::Type(error.to_string()))?;
    if count == 0 {
        return Ok(());
    }
    let head = match transaction.get_database_backend() {
        DbBackend::Postgres => at_once(transaction, count, events).await?,
        _ => one_after_the_other(transaction, count, events).await?,
    };
    transaction.head = Some(head);
    Ok(())
}

/// Moves the head and inserts the rows in one statement: while the head is locked, each round trip counts.
async fn at_once(transaction: &Transaction, count: Position, events: Vec<NewEvent>) -> Result<Position, DbErr> {
    const MOVED: &str = "moved";
    let head = log::Column::Head;
    let moved = Query::update().table(log::Entity).value(head, Expr::col(head).add(count)).returning_col(head).take();
    let moved = CommonTableExpression::new().table_name(MOVED).query(moved).to_owned();
    let mut rows = (1 - count..).zip(events).map(|(before_head, event)| {
        let row = row(0, event);
        let values = event::Column::iter().skip(1).filter_map(|column| row.get(column).into_value());
        Query::select().expr(Expr::col(head).add(before_head)).exprs(values.map(Expr::value)).from(MOVED).take()
    });
    let mut selected = rows.next().unwrap_or_default();
    selected.unions(rows.map(|row| (UnionType::All, row)));
    let mut insert = Query::insert();
    insert.into_table(event::Entity).columns(event::Column::iter()).with_cte(moved);
    insert
        .select_from(selected)
        .map_err(|error| DbErr::Type(error.to_string()))?
        .returning_col(event::Column::Position);
    let inserted = transaction.query_all(&insert).await?;
    let positions: Result<Vec<Position>, DbErr> = inserted.iter().map(|row| row.try_get_by_index(0)).collect();
    positions?.into_iter().max().ok_or_else(no_log)
}

/// Does the same for SQLite, which has no such statement and no round trips.
async fn one_after_the_other(
    transaction: &Transaction,
    count: Position,
    events: Vec<NewEvent>,
) -> Result<Position, DbErr> {
    let moved = log::Entity::update_many()
        .col_expr(log::Column::Head, Expr::col(log::Column::Head).add(count))
        .exec_with_returning(&**transaction)
        .await?;
    let [log] = moved.as_slice() else {
        return Err(no_log());
    };
    let rows = (log.head - count + 1..).zip(events).map(|(position, event)| row(position, event));
    event::Entity::insert_many(rows).exec_without_returning(&**transaction).await?;
    Ok(log.head)
}

/// Locks the head of the log until the transaction ends, and returns it. It is the last lock that a transaction takes.
pub(crate) async fn lock_head(transaction: &Transaction) -> Result<Position, DbErr> {
    let log = log::Entity::find().lock_exclusive().one(&**transaction).await?;
    log.map(|log| log.head).ok_or_else(no_log)
}

fn no_log() -> DbErr {
    DbErr::RecordNotFound("table event_log must have one row".to_owned())
}

fn row(position: Position, event: NewEvent) -> event::ActiveModel {
    let id = new_id();
    event::ActiveModel {
        position: Set(position),
        kind: Set(event.kind),
        subject: Set(event.subject),
        time: Set(now()),
        correlation_id: Set(event.correlation_id.unwrap_or_else(|| id.clone())),
        causation_id: Set(event.causation_id),
        data: Set(event.data.to_string()),
        id: Set(id),
    }
}
