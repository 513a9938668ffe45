//! OpenAPI parts that all services share: problems, and the parameters of lists.

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

/// Adds `/openapi.json`, which describes the routes. Each answer from 400 on is described as a problem. Any route may
/// be requested under another host, or while the program is busy.
pub(crate) fn served(routes: OpenApiRouter) -> Router {
    let (routes, mut openapi) = routes.split_for_parts();
    describe_problems(&mut openapi);
    let openapi = Arc::new(openapi);
    routes.route("/openapi.json", get(|| async move { axum::Json(openapi.as_ref()).into_response() }))
}

/// The problems that each route may answer.
const EVERYWHERE: [(&str, &str); 2] =
    [("421", "host-not-allowed"), ("503", "database-unavailable, overloaded: nothing was done")];

/// The problem of each route that changes something, and that of each route that takes a body.
const OF_COMMANDS: (&str, &str) = ("403", "cross-site-request");
const OF_BODIES: (&str, &str) = ("408", "request-timeout");

/// Adds to each route the problems that every program answers, unless the route lists the status itself. Describes each
/// answer from 400 on as a problem.
pub fn describe_problems(openapi: &mut OpenApi) {
    let components = openapi.components.get_or_insert_with(Components::default);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let problem = Content::new(Some(Ref::from_schema_name(Problem::name())));
    for path in openapi.paths.paths.values_mut() {
        let read = path.get.iter_mut().map(|operation| (operation, false));
        let commands = [&mut path.put, &mut path.post, &mut path.delete, &mut path.patch];
        let commands = commands.into_iter().flatten().map(|operation| (operation, true));
        for (Operation { responses, request_body, .. }, is_command) in read.chain(commands) {
            let of_commands = is_command.then_some(OF_COMMANDS);
            let of_bodies = request_body.as_ref().map(|_| OF_BODIES);
            for (status, codes) in EVERYWHERE.into_iter().chain(of_commands).chain(of_bodies) {
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
