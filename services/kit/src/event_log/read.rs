//! Reads events by position.

use process_manager_wire::{CloudEvent, Position};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::SimpleExpr,
};

use super::entity::{event, log};
use crate::Database;

/// An event and its log.
#[derive(Debug, FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    event: event::Model,
    logid: Option<String>,
}

/// Reads at most `limit` events with a position greater than `after`, oldest first.
pub(super) async fn read(
    database: &Database,
    source: &str,
    after: Position,
    limit: u64,
) -> Result<Vec<CloudEvent>, DbErr> {
    let log = log::Entity::find().select_only().column(log::Column::Logid).into_query();
    let rows = event::Entity::find()
        .expr_as(SimpleExpr::from(log), "logid")
        .filter(event::Column::Position.gt(after))
        .order_by_asc(event::Column::Position)
        .limit(limit)
        .into_model::<Row>()
        .all(database.reader())
        .await?;
    rows.into_iter().map(|row| cloud_event(row, source)).collect()
}

fn cloud_event(Row { event, logid }: Row, source: &str) -> Result<CloudEvent, DbErr> {
    let no_log = || DbErr::RecordNotFound("table event_log must have one row".to_owned());
    Ok(CloudEvent {
        specversion: "1.0".to_owned(),
        id: event.id,
        source: source.to_owned(),
        kind: event.kind,
        subject: event.subject,
        time: event.time,
        datacontenttype: "application/json".to_owned(),
        sequence: event.position,
        correlationid: event.correlation_id,
        causationid: event.causation_id,
        logid: logid.ok_or_else(no_log)?,
        data: serde_json::from_str(&event.data).map_err(|error| DbErr::Json(error.to_string()))?,
    })
}
