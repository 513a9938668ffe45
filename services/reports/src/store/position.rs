//! Position up to which Billing's log has been projected.

use messages::billing::SOURCE;
use process_manager_client::feed::FeedPosition;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use service_kit::{Database, Transaction};

use super::entity::followed_log::{Column, Entity};

/// Returns the position up to which Billing's log has been projected.
pub(crate) async fn position(database: &Database) -> Result<FeedPosition, DbErr> {
    let row = Entity::find_by_id(SOURCE).one(database.reader()).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("position in {SOURCE}")))?;
    Ok(FeedPosition { position: row.position, logid: row.logid })
}

/// Moves the position in the transaction of the projection, unless another instance has moved it meanwhile. From here
/// on the position is locked, so an event counts once even if several instances follow the log.
pub(crate) async fn move_position(
    transaction: &Transaction,
    from: &FeedPosition,
    to: &FeedPosition,
) -> Result<bool, DbErr> {
    let moved = Entity::update_many()
        .col_expr(Column::Position, Expr::value(to.position))
        .col_expr(Column::Logid, Expr::value(to.logid.clone()))
        .filter(Column::Source.eq(SOURCE))
        .filter(Column::Position.eq(from.position))
        .exec(&**transaction)
        .await?;
    Ok(moved.rows_affected == 1)
}
