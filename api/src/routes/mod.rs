//! The routes, one file each.

mod acknowledge;
mod confirmations;
mod create;
mod get;
mod list;
mod retry;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(create::create_voiding, list::list_voidings))
        .routes(routes!(get::get_voiding))
        .routes(routes!(acknowledge::acknowledge_failure))
        .routes(routes!(retry::retry_command))
        .merge(confirmations::router())
}
