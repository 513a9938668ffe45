//! The routes of credit changes.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use contracts_client::{
    AffectedContract, AffectedStatus, AffectedToken, ContractsError, CreditChangeProcess, CreditChangeView, NewLimits,
    Steer,
};
use messages::{CustomerId, Page, Problem, contracts::ChangeCustomerCreditRating, headers};
use process_manager_client::http::{Envelope, traceparent};
use serde::{Deserialize, Serialize};
use service_kit::{ApiError, CommandHeaders, Json, Params, PathId, cursor, new_id};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use voiding_client::Token;

use super::{InstructionProblems, ReadProblems};
use crate::{
    app::App,
    error::{contracts_failed, credit_change_not_found, rating_not_changed},
};

/// A credit change, with its links: `self`, `contracts`, `temporal` (the run in the Web UI), and while it runs the targets
/// of its instructions (POST).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CreditChangeResource)]
pub struct CreditChange {
    /// The credit change.
    #[serde(flatten)]
    pub view: CreditChangeView,
    /// The links.
    pub links: BTreeMap<String, String>,
}

type Instructed = Result<(StatusCode, Json<CreditChange>), ApiError>;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(change_credit_rating, list_credit_changes))
        .routes(routes!(get_credit_change))
        .routes(routes!(list_contracts_of_credit_change))
        .routes(routes!(pause_credit_change))
        .routes(routes!(resume_credit_change))
        .routes(routes!(retry_credit_change))
        .routes(routes!(cancel_credit_change))
        .routes(routes!(limit_credit_change))
}

/// Changes a customer's credit rating.
///
/// Answers once Contracts has accepted it; the process begins as soon as the worker has read the event. Where one of the
/// customer runs, it goes over to the new rating.
#[utoipa::path(
    post,
    path = "/credit-changes",
    tag = "credit-changes",
    request_body = ChangeCustomerCreditRating,
    params(
        ("idempotency-key" = Option<String>, Header, description = "The same key and body change the rating once"),
        ("x-correlation-id" = Option<String>, Header, description = "Passed on to Contracts"),
        ("traceparent" = Option<String>, Header, description = "W3C Trace Context, passed on to Contracts"),
    ),
    responses(
        (status = 202, description = "Accepted", body = CreditChange,
            headers(("location" = String, description = "The credit change"))),
        (status = 400, description = "`unreadable-body`, `invalid-header`", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`customer-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`credit-rating-unchanged`", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`invalid-body`, `idempotency-key-reused`", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`contracts-unavailable`: the rating was certainly not changed; try again",
            body = Problem, content_type = "application/problem+json",
            headers(("retry-after" = u64, description = "In seconds"))),
        (status = 504, description = "`contracts-timeout`: Contracts may have changed it, or may still do so; ask again \
            with the same `Idempotency-Key`", body = Problem, content_type = "application/problem+json",
            headers(("retry-after" = u64, description = "In seconds"),
                ("idempotency-key" = String, description = "The request's key, or the key that the api generated"))),
    )
)]
async fn change_credit_rating(
    State(app): State<App>,
    command_headers: CommandHeaders,
    headers: HeaderMap,
    Json(command): Json<ChangeCustomerCreditRating>,
) -> Response {
    let trace = headers.get(headers::TRACEPARENT).and_then(|trace| trace.to_str().ok()).map(str::to_owned);
    let key = command_headers.idempotency_key.unwrap_or_else(new_id);
    let envelope = Envelope {
        traceparent: trace.or_else(|| Some(traceparent(&key))),
        correlation_id: command_headers.correlation_id,
        idempotency_key: Some(key.clone()),
        ..Envelope::default()
    };
    match app.contracts.change_rating(&command, &envelope).await {
        Ok(view) => {
            let location = path(&view.customer_id);
            let links = app.links(&location, &[], None);
            (StatusCode::ACCEPTED, [(LOCATION, location)], Json(CreditChange { view, links })).into_response()
        }
        Err(error) => rating_not_changed(error, &key),
    }
}

/// Lists credit changes, newest first, running ones before ended ones.
///
/// One item for each process. The list may lag by up to a second. It leaves out a change whose process has not begun.
#[utoipa::path(
    get,
    path = "/credit-changes",
    tag = "credit-changes",
    params(
        ("open" = Option<bool>, Query, description = "Only changes that run (or have ended)"),
        ("incident" = Option<bool>, Query, description = "Only changes with an incident (or without)"),
        ("limit" = Option<u32>, Query, description = "Items per page; 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page, with the same filters"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<CreditChange>),
        (status = 400, description = "`invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`temporal-unavailable`, `contracts-unavailable`", body = Problem,
            content_type = "application/problem+json", headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
async fn list_credit_changes(State(app): State<App>, params: Params) -> Result<Json<Page<CreditChange>>, ApiError> {
    let (open, incident) = (params.boolean("open")?, params.boolean("incident")?);
    // The filters are the cursor's scope: other filters give another list.
    let scope = format!("credit-changes {open:?} {incident:?}");
    let from = params.cursor::<Token>(&scope)?.map(Vec::from).unwrap_or_default();
    let page = app.contracts.credit_changes(open, incident, params.limit()?, from).await.map_err(contracts_failed)?;
    let next = Some(page.next).filter(|next| !next.is_empty()).map(Token::from);
    let next_cursor = next.map(|next| cursor::encode(&scope, &next)).transpose().map_err(ApiError::internal)?;
    Ok(Json(Page { items: page.items.into_iter().map(|change| present(&app, change)).collect(), next_cursor }))
}

/// Shows the latest credit change of a customer.
///
/// Its numbers are Contracts'; without a worker, `state` is absent while the process runs.
#[utoipa::path(
    get,
    path = "/credit-changes/{customer_id}",
    tag = "credit-changes",
    params(("customer_id" = CustomerId, Path, description = "The customer")),
    responses(
        (status = 200, description = "The latest change", body = CreditChange),
        ReadProblems,
    )
)]
async fn get_credit_change(
    State(app): State<App>,
    PathId(customer_id): PathId<CustomerId>,
) -> Result<Json<CreditChange>, ApiError> {
    let found = app.contracts.credit_change(&customer_id).await.map_err(contracts_failed)?;
    found.map(|found| Json(present(&app, found))).ok_or_else(|| credit_change_not_found(&customer_id))
}

/// Lists the contracts that a customer's credit change has revoked or could not revoke, by where they are.
///
/// Without `status`: all that it has revoked. A page may have fewer items than `limit`, or none, and be followed by another
/// one. Those that were refused are told by a worker.
#[utoipa::path(
    get,
    path = "/credit-changes/{customer_id}/contracts",
    tag = "credit-changes",
    params(
        ("customer_id" = CustomerId, Path, description = "The customer"),
        ("status" = Option<AffectedStatus>, Query, description = "Only contracts in this state"),
        ("limit" = Option<u32>, Query, description = "Items per page; 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page, with the same filters"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<AffectedContract>),
        ReadProblems,
    )
)]
async fn list_contracts_of_credit_change(
    State(app): State<App>,
    PathId(customer_id): PathId<CustomerId>,
    params: Params,
) -> Result<Json<Page<AffectedContract>>, ApiError> {
    let status = params.name_of::<AffectedStatus>("status")?;
    let scope = format!("credit-change {customer_id} {status:?}");
    let from = params.cursor::<AffectedToken>(&scope)?;
    let page = app.contracts.affected(&customer_id, status, params.limit()?, from).await;
    let page = page.map_err(|error| about(error, &customer_id))?;
    let next_cursor = page.next.map(|next| cursor::encode(&scope, &next)).transpose().map_err(ApiError::internal)?;
    Ok(Json(Page { items: page.items, next_cursor }))
}

/// Declares a route that carries out an instruction. Each answer shows the credit change before the instruction.
macro_rules! instruction {
    ($(#[doc = $doc:literal])+ $name:ident, $path:literal, $done:literal, $steer:expr) => {
        $(#[doc = $doc])+
        #[utoipa::path(
            post,
            path = $path,
            tag = "credit-changes",
            params(("customer_id" = CustomerId, Path, description = "The customer")),
            responses((status = 202, description = $done, body = CreditChange), InstructionProblems)
        )]
        async fn $name(State(app): State<App>, PathId(customer_id): PathId<CustomerId>) -> Instructed {
            steer(&app, &customer_id, $steer).await
        }
    };
}

instruction! {
    /// Pauses the batch: it sends no new commands. Commands in flight finish.
    ///
    /// The answer shows the credit change before that.
    pause_credit_change, "/credit-changes/{customer_id}/pause", "The batch pauses", Steer::Pause
}

instruction! {
    /// Lets the batch go on after a pause.
    ///
    /// The answer shows the credit change before that.
    resume_credit_change, "/credit-changes/{customer_id}/resume", "The batch goes on", Steer::Resume
}

instruction! {
    /// Sends refused commands again; a failed process goes on.
    ///
    /// The answer shows the credit change before that.
    retry_credit_change, "/credit-changes/{customer_id}/retry", "Failed commands are retried", Steer::Retry
}

instruction! {
    /// Reinstates the contracts that were revoked and are not confirmed, and ends the process. This cannot be undone.
    ///
    /// The answer shows the credit change before that.
    cancel_credit_change, "/credit-changes/{customer_id}/cancel", "The credit change is being cancelled", Steer::Cancel
}

/// Changes the limits of the batch; absent limits stay as they are.
///
/// The answer shows the credit change before that.
#[utoipa::path(
    post,
    path = "/credit-changes/{customer_id}/limits",
    tag = "credit-changes",
    params(("customer_id" = CustomerId, Path, description = "The customer")),
    request_body = NewLimits,
    responses((status = 202, description = "The limits change", body = CreditChange), InstructionProblems)
)]
async fn limit_credit_change(
    State(app): State<App>,
    PathId(customer_id): PathId<CustomerId>,
    Json(limits): Json<NewLimits>,
) -> Instructed {
    steer(&app, &customer_id, Steer::Limits(limits)).await
}

async fn steer(app: &App, customer_id: &CustomerId, instruction: Steer) -> Instructed {
    let before = app.contracts.steer(customer_id, instruction).await.map_err(|error| about(error, customer_id))?;
    Ok((StatusCode::ACCEPTED, Json(present(app, before))))
}

fn about(error: ContractsError, customer_id: &CustomerId) -> ApiError {
    match error {
        ContractsError::NotFound => credit_change_not_found(customer_id),
        error => contracts_failed(error),
    }
}

fn path(customer_id: &CustomerId) -> String {
    format!("/credit-changes/{customer_id}")
}

fn present(app: &App, change: CreditChangeProcess) -> CreditChange {
    let this = path(&change.view.customer_id);
    let instructions: &[_] = match change.instance.as_ref().is_some_and(|instance| instance.status.is_running()) {
        true => &["pause", "resume", "retry", "cancel", "limits"],
        false => &[],
    };
    let workflow_id = app.contracts.changes().workflow_id(change.view.customer_id.as_str());
    let run = change.instance.as_ref().map(|instance| (workflow_id.as_str(), instance.run_id.as_str()));
    let mut links = app.links(&this, instructions, run);
    links.insert("contracts".to_owned(), format!("{this}/contracts"));
    CreditChange { view: change.view, links }
}
