//! The routes, one file each.

mod confirmations;
mod create;
mod credit_changes;
mod get;
mod list;
mod problems;
mod signals;

use utoipa_axum::{router::OpenApiRouter, routes};

use self::problems::{InstructionProblems, ReadProblems};
pub use credit_changes::CreditChange;

use crate::app::App;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(create::create_voiding, list::list_voidings))
        .routes(routes!(get::get_voiding))
        .routes(routes!(signals::acknowledge_failure))
        .routes(routes!(signals::retry_command))
        .merge(confirmations::router())
        .merge(credit_changes::router())
}
