//! `GET /contract-confirmations`: confirmations of contracts, newest first.

use axum::extract::State;
use contracts_client::ContractConfirmation;
use futures::{StreamExt, stream};
use messages::{CustomerId, Page, Problem, contracts::Contract};
use process_manager_client::http::{CommandError, Fault};
use process_manager_host::operator::{Instance, InstanceFilter, OperatorError, Trouble};
use service_kit::{ApiError, Json, Params, cursor, invalid};
use voiding_client::Token;

use super::present;
use crate::{
    app::App,
    error::{contracts_unavailable, temporal_unavailable},
};

/// Maximum number of confirmations that are read concurrently.
const AT_ONCE: usize = 25;

/// The filters of the list.
struct Filter {
    open: Option<bool>,
    overdue: Option<bool>,
    customer_id: Option<CustomerId>,
}

/// Lists confirmations of contracts, newest first, running ones before ended ones.
///
/// One item for each contract. The list may lag by up to a second. With `customer_id` it goes by the customer's contracts,
/// newest first, except with `overdue=true`. With `customer_id` or `overdue` a page may have fewer items than `limit`, or none, and be followed by
/// another one.
#[utoipa::path(
    get,
    path = "/contract-confirmations",
    tag = "contract-confirmations",
    params(
        ("open" = Option<bool>, Query, description = "Only confirmations that run (or have ended)"),
        ("overdue" = Option<bool>, Query, description = "Only confirmations whose deadline has (or has not) passed"),
        ("customer_id" = Option<CustomerId>, Query, description = "Only confirmations of this customer's contracts"),
        ("limit" = Option<u32>, Query, description = "Items per page; 50 by default", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page, with the same filters"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<ContractConfirmation>),
        (status = 400, description = "`invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`temporal-unavailable`; if it lists by contract also `contracts-unavailable`",
            body = Problem, content_type = "application/problem+json",
            headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
pub(in crate::routes) async fn list_contract_confirmations(
    State(app): State<App>,
    params: Params,
) -> Result<Json<Page<ContractConfirmation>>, ApiError> {
    let filter = Filter {
        open: params.boolean("open")?,
        overdue: params.boolean("overdue")?,
        customer_id: params.value("customer_id")?,
    };
    let (instances, next_cursor) = match &filter.customer_id {
        Some(customer_id) if filter.overdue != Some(true) => of_customer(&app, &params, customer_id).await?,
        _ => of_all(&app, &params, &filter).await?,
    };
    let items = instances.iter().filter(|instance| filter.passes(instance));
    Ok(Json(Page { items: items.filter_map(|instance| present(&app, instance, None)).collect(), next_cursor }))
}

impl Filter {
    fn query(&self) -> InstanceFilter {
        let trouble = (self.overdue == Some(true)).then_some(Trouble::NeedsAttention);
        // An overdue confirmation has its customer as its subject.
        let subject = self.customer_id.as_ref().filter(|_| trouble.is_some()).map(ToString::to_string);
        InstanceFilter { is_running: self.open, trouble, subject, ..InstanceFilter::default() }
    }

    fn passes(&self, instance: &Instance) -> bool {
        self.open.is_none_or(|open| open == instance.status.is_running())
            && self.overdue.is_none_or(|overdue| overdue == instance.attention.is_some())
    }
}

type Found = Result<(Vec<Instance>, Option<String>), ApiError>;

async fn of_all(app: &App, params: &Params, filter: &Filter) -> Found {
    let query = filter.query();
    // The filters are the cursor's scope: other filters give another list.
    let subject = query.subject.as_deref().unwrap_or_default();
    let scope = format!("contract-confirmations {:?} {:?}{subject}", filter.open, filter.overdue);
    let from = params.cursor::<Token>(&scope)?;
    let is_first = from.is_none();
    let from = from.map(Vec::from).unwrap_or_default();
    let page = match app.contracts.confirmations().list(&query, params.limit()?, from).await {
        Err(error @ OperatorError::Refused(_)) if !is_first => {
            return Err(invalid("cursor", "was not handed out by this list").caused_by(error));
        }
        page => page.map_err(temporal_unavailable)?,
    };
    let next = Some(page.next).filter(|next| !next.is_empty()).map(Token::from);
    let next_cursor = next.map(|next| cursor::encode(&scope, &next)).transpose().map_err(ApiError::internal)?;
    // For a running confirmation, its worker knows more.
    let reads = page.items.into_iter().map(|instance| async move {
        if !instance.status.is_running() {
            return Ok(instance);
        }
        Ok(app.contracts.confirmations().read(&instance.process_id).await?.unwrap_or(instance))
    });
    let instances: Vec<Result<_, OperatorError>> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    let instances: Result<Vec<_>, _> = instances.into_iter().collect();
    Ok((instances.map_err(temporal_unavailable)?, next_cursor))
}

/// Temporal does not know whose contracts are not overdue; Contracts does.
async fn of_customer(app: &App, params: &Params, customer_id: &CustomerId) -> Found {
    let limit = params.limit()?.to_string();
    let mut query = vec![("customer_id", customer_id.as_str()), ("limit", &limit)];
    let from = params.text("cursor")?;
    query.extend(from.map(|cursor| ("cursor", cursor)));
    let page = match app.contracts.contracts().get::<Page<Contract>>(&["contracts"], &query).await {
        Err(CommandError::Fault(Fault::Status { status, .. })) if status == 400 && from.is_some() => {
            return Err(invalid("cursor", "was not handed out by this list"));
        }
        page => page.map_err(contracts_unavailable)?,
    };
    let reads = page
        .items
        .into_iter()
        .map(|contract| async move { app.contracts.confirmations().read(contract.contract_id.as_str()).await });
    let instances: Vec<_> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    let instances: Result<Vec<_>, _> = instances.into_iter().collect();
    Ok((instances.map_err(temporal_unavailable)?.into_iter().flatten().collect(), page.next_cursor))
}
