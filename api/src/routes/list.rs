//! `GET /voidings`: voidings, newest first.

use axum::extract::State;
use messages::{CustomerId, Page, Problem, voiding::VoidingState};
use service_kit::{ApiError, Json, Params, cursor, invalid};
use voiding_client::{Filter, PageError, Token};

use crate::{app::App, error::temporal_unavailable, voiding::Voiding};

fn no_page(error: PageError) -> ApiError {
    match error {
        PageError::Temporal(error) => temporal_unavailable(error),
        error => invalid("cursor", "was not handed out by this list").caused_by(error),
    }
}

/// Lists voidings, newest first, running ones before ended ones.
///
/// One item for each process. The list may lag by up to a second.
#[utoipa::path(
    get,
    path = "/voidings",
    tag = "voidings",
    params(
        ("state" = Option<VoidingState>, Query, description = "Only voidings in this state"),
        ("customer_id" = Option<CustomerId>, Query, description = "Only voidings of this customer"),
        ("incident" = Option<bool>, Query, description = "Only voidings with (or without) an incident"),
        ("open" = Option<bool>, Query, description = "Only open (or ended) voidings"),
        ("limit" = Option<u32>, Query, description = "Items per page; 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page, with the same filters"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<Voiding>),
        (status = 400, description = "`invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, `temporal-unavailable`", body = Problem,
            content_type = "application/problem+json", headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
pub(super) async fn list_voidings(State(app): State<App>, params: Params) -> Result<Json<Page<Voiding>>, ApiError> {
    let filter = Filter {
        state: params.value("state")?,
        customer_id: params.value("customer_id")?,
        incident: params.boolean("incident")?,
        open: params.boolean("open")?,
        ..Filter::default()
    };
    let limit = params.limit()?;
    // The query is the cursor's scope: other filters give another list.
    let query = filter.query();
    let from = params.cursor::<Token>(&query)?;
    let page = app.voidings.page(&query, limit, from).await.map_err(no_page)?;
    let next_cursor = page.next.map(|token| cursor::encode(&query, &token)).transpose().map_err(ApiError::internal)?;
    Ok(Json(Page { items: page.runs.into_iter().map(|run| app.present(run)).collect(), next_cursor }))
}
