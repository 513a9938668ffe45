//! Registers search attributes, and waits until they can be used.

use std::{collections::HashMap, time::Duration};

use process_manager_client::Backoff;
use temporalio_client::{
    Client, NamespacedClient,
    grpc::{OperatorService, WorkflowService},
    tonic::{Code, IntoRequest, Request, Status},
};
use temporalio_common::protos::temporal::api::{
    enums::v1::IndexedValueType,
    operatorservice::v1::{AddSearchAttributesRequest, ListSearchAttributesRequest},
    workflowservice::v1::CountWorkflowExecutionsRequest,
};

const RPC_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A search attribute: its name and its type.
pub type Attribute = (&'static str, IndexedValueType);

/// The search attributes of process managers' instances: `ProcessId`, `AttentionSubject` and `Outcome` (Keyword),
/// `Incident` and `NeedsAttention` (Bool).
pub const OF_PROCESS_MANAGERS: [Attribute; 5] = [
    ("ProcessId", IndexedValueType::Keyword),
    ("Incident", IndexedValueType::Bool),
    ("NeedsAttention", IndexedValueType::Bool),
    ("AttentionSubject", IndexedValueType::Keyword),
    ("Outcome", IndexedValueType::Keyword),
];

/// The reason why the search attributes cannot be used yet.
#[derive(Debug, thiserror::Error)]
enum NotUsable {
    #[error("Temporal is preparing the search attributes")]
    InPreparation,
    #[error("the search attribute {name} has the type {found}, but must have {expected}; rename or remove it")]
    OtherType { name: &'static str, found: &'static str, expected: &'static str },
    #[error(
        "this Temporal server does not let the worker create search attributes ({}); create {missing} in namespace \
         {namespace}, for instance with `temporal operator search-attribute create`", .status.message()
    )]
    NotAllowed { namespace: String, missing: String, status: Box<Status> },
    #[error("Temporal does not answer as it should: {}", .0.message())]
    Failed(Box<Status>),
}

/// Returns once the search attributes exist and can be searched by, however long it takes: without them no process
/// could be started. It logs one line that says what it waits for.
pub async fn register(client: &Client, attributes: &[Attribute]) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut said = None;
    while let Err(error) = attempt(client, attributes).await {
        let why = error.to_string();
        match error {
            NotUsable::InPreparation => tracing::debug!("{why}"),
            _ if said.as_ref() != Some(&why) => tracing::warn!("{why}"),
            _ => tracing::debug!("{why}"),
        }
        said = Some(why);
        backoff.wait().await;
    }
    tracing::debug!("the search attributes can be used");
}

async fn attempt(client: &Client, attributes: &[Attribute]) -> Result<(), NotUsable> {
    if searchable(client, attributes).await? {
        return Ok(());
    }
    let mut operator = client.clone();
    let namespace = client.namespace();
    let refused = |status| refused(status, &namespace, attributes);
    let request = ListSearchAttributesRequest { namespace: namespace.clone() };
    let known = operator.list_search_attributes(timed(request)).await.map_err(refused)?.into_inner().custom_attributes;
    let missing = missing(&known, attributes)?;
    if missing.is_empty() {
        return Err(NotUsable::InPreparation);
    }
    let request = AddSearchAttributesRequest { search_attributes: missing, namespace: namespace.clone() };
    match operator.add_search_attributes(timed(request)).await {
        // Another worker was faster.
        Err(status) if status.code() != Code::AlreadyExists => Err(refused(status)),
        _ => Err(NotUsable::InPreparation),
    }
}

/// Returns whether a search by all of them works: only that shows that they have reached every part of the server.
async fn searchable(client: &Client, attributes: &[Attribute]) -> Result<bool, NotUsable> {
    let terms = attributes.iter().map(|(name, kind)| match kind {
        IndexedValueType::Bool => format!("{name} = true"),
        _ => format!("{name} = '-'"),
    });
    let request = CountWorkflowExecutionsRequest {
        namespace: client.namespace(),
        query: terms.collect::<Vec<_>>().join(" AND "),
    };
    match client.clone().count_workflow_executions(timed(request)).await {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::InvalidArgument => Ok(false),
        Err(status) => Err(NotUsable::Failed(Box::new(status))),
    }
}

fn missing(known: &HashMap<String, i32>, attributes: &[Attribute]) -> Result<HashMap<String, i32>, NotUsable> {
    let mut missing = HashMap::new();
    for &(name, kind) in attributes {
        match known.get(name) {
            None => {
                missing.insert(name.to_owned(), kind.into());
            }
            Some(found) if *found == i32::from(kind) => (),
            Some(found) => {
                let found = IndexedValueType::try_from(*found).map_or("unknown", |found| found.as_str_name());
                return Err(NotUsable::OtherType { name, found, expected: kind.as_str_name() });
            }
        }
    }
    Ok(missing)
}

fn refused(status: Status, namespace: &str, attributes: &[Attribute]) -> NotUsable {
    match status.code() {
        Code::Unimplemented | Code::PermissionDenied => {
            let name = |(name, kind): &Attribute| {
                format!("{name} ({})", kind.as_str_name().trim_start_matches("INDEXED_VALUE_TYPE_").to_lowercase())
            };
            let missing = attributes.iter().map(name).collect::<Vec<_>>().join(", ");
            NotUsable::NotAllowed { namespace: namespace.to_owned(), missing, status: Box::new(status) }
        }
        _ => NotUsable::Failed(Box::new(status)),
    }
}

fn timed<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(RPC_TIMEOUT);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_registered_and_another_type_is_named() {
        let mut known = HashMap::new();
        let missing = |known: &HashMap<_, _>| missing(known, &OF_PROCESS_MANAGERS);
        assert_eq!(missing(&known).unwrap().len(), OF_PROCESS_MANAGERS.len());
        known.extend(OF_PROCESS_MANAGERS.map(|(name, kind)| (name.to_owned(), i32::from(kind))));
        assert!(missing(&known).unwrap().is_empty());
        known.insert("Incident".to_owned(), IndexedValueType::Keyword.into());
        let error = missing(&known).unwrap_err().to_string();
        assert!(error.starts_with("the search attribute Incident has the type INDEXED_VALUE_TYPE_KEYWORD"), "{error}");
    }
}
