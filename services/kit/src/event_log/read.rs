//! Reads events by position.

use process_manager_wire::{CloudEvent, Position};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::{event, log};
use crate::Database;

/// Reads at most `limit` events with a position greater than `after`, oldest first.
pub(super) async fn read(
    database: &Database,
    source: &str,
    after: Position,
    limit: u64,
) -> Result<Vec<CloudEvent>, DbErr> {
    let rows = event::Entity::find()
        .filter(event::Column::Position.gt(after))
        .order_by_asc(event::Column::Position)
        .limit(limit)
        .all(database.reader())
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let log = log::Entity::find().one(database.reader()).await?;
    let log = log.ok_or_else(|| DbErr::RecordNotFound("table event_log must have one row".to_owned()))?;
    rows.into_iter().map(|row| cloud_event(row, source, &log.logid)).collect()
}

fn cloud_event(row: event::Model, source: &str, logid: &str) -> Result<CloudEvent, DbErr> {
    Ok(CloudEvent {
        specversion: "1.0".to_owned(),
        id: row.id,
        source: source.to_owned(),
        kind: row.kind,
        subject: row.subject,
        time: row.time,
        datacontenttype: "application/json".to_owned(),
        sequence: row.position,
        correlationid: row.correlation_id,
        causationid: row.causation_id,
        logid: logid.to_owned(),
        data: serde_json::from_str(&row.data).map_err(|error| DbErr::Json(error.to_string()))?,
    })
}
