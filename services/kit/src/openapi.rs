//! OpenAPI of what all services share: problems, and the parameters of lists.

use std::sync::Arc;

use axum::{Router, response::IntoResponse, routing::get};
use process_manager_wire::{PROBLEM_MEDIA_TYPE, Problem};
use utoipa::{
    IntoParams, IntoResponses, PartialSchema, ToSchema,
    openapi::{Components, Content, OpenApi, Ref, RefOr, ResponseBuilder, path::Operation},
};
use utoipa_axum::router::OpenApiRouter;

/// The problems of every command, for `responses(…)`. A status that a route lists after it takes the place of the one here.
#[derive(IntoResponses)]
pub enum CommandProblems {
    /// invalid-header, unreadable-body
    #[response(status = 400)]
    Unreadable,
    /// cross-site-request
    #[response(status = 403)]
    CrossSite,
    /// request-timeout
    #[response(status = 408)]
    TooSlow,
    /// body-too-large
    #[response(status = 413)]
    TooLarge,
    /// unsupported-media-type
    #[response(status = 415)]
    NotJson,
    /// invalid-body, idempotency-key-reused
    #[response(status = 422)]
    Invalid,
    /// database-unavailable, overloaded: nothing was done
    #[response(status = 503)]
    Unavailable,
    /// outcome-unknown: it may have taken effect; the same idempotency key tells
    #[response(status = 504)]
    Unknown,
}

/// The parameters of every list, for `params(…)`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// 50 by default
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before
    #[param(pattern = "^[0-9a-f]{17,}$")]
    pub cursor: Option<String>,
}

/// Adds `/openapi.json`, which describes the routes. Each answer from 400 on is described as a problem, and each route
/// may be asked for under another host, or while the database is away.
pub(crate) fn served(routes: OpenApiRouter) -> Router {
    let (routes, mut openapi) = routes.split_for_parts();
    describe_problems(&mut openapi);
    let openapi = Arc::new(openapi);
    routes.route("/openapi.json", get(|| async move { axum::Json(openapi.as_ref()).into_response() }))
}

const EVERYWHERE: [(&str, &str); 2] =
    [("421", "host-not-allowed"), ("503", "database-unavailable, overloaded: nothing was done")];

fn describe_problems(openapi: &mut OpenApi) {
    let components = openapi.components.get_or_insert_with(Components::default);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let problem = Content::new(Some(Ref::from_schema_name(Problem::name())));
    for path in openapi.paths.paths.values_mut() {
        let methods = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch];
        for Operation { responses, .. } in methods.into_iter().flatten() {
            for (status, codes) in EVERYWHERE {
                let response = || RefOr::T(ResponseBuilder::new().description(codes).build());
                responses.responses.entry(status.to_owned()).or_insert_with(response);
            }
            for (status, response) in &mut responses.responses {
                if let RefOr::T(response) = response
                    && status.as_str() >= "400"
                {
                    response.content.entry(PROBLEM_MEDIA_TYPE.to_owned()).or_insert_with(|| problem.clone().into());
                }
            }
        }
    }
}
