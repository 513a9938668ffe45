//! How long the dev server keeps ended runs.

use std::time::Duration;

use temporalio_client::{
    Connection, ConnectionOptions, RetryOptions,
    errors::ClientConnectError,
    tonic::{IntoRequest, Status},
};
use temporalio_common::protos::temporal::api::{
    namespace::v1::NamespaceConfig,
    workflowservice::v1::{DescribeNamespaceRequest, UpdateNamespaceRequest},
};
use url::Url;

/// How long an ended run can be read; the dev server's own default is one day.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the namespace is not as it should be (yet).
#[derive(Debug, thiserror::Error)]
pub(crate) enum NamespaceError {
    /// No host and port.
    #[error("{0}")]
    Address(#[from] url::ParseError),
    /// Nothing listens.
    #[error("no connection ({0})")]
    Connect(#[from] ClientConnectError),
    /// The server does not serve the namespace.
    #[error("its namespace does not answer ({0})")]
    Call(#[from] Box<Status>),
}

/// Makes the server at `address` (host:port) keep the ended runs of a namespace for 30 days, if it keeps them less long.
///
/// # Errors
/// [`NamespaceError`] while the server does not answer; one attempt, no retries.
pub(crate) async fn keep_ended_runs(address: &str, namespace: &str) -> Result<(), NamespaceError> {
    let options = ConnectionOptions::new(Url::parse(&format!("http://{address}"))?)
        .connect_timeout(CONNECT_TIMEOUT)
        .retry_options(RetryOptions::no_retries())
        .build();
    let mut service = Connection::connect(options).await?.workflow_service();
    let describe = DescribeNamespaceRequest { namespace: namespace.into(), ..Default::default() };
    let found = service.describe_namespace(describe.into_request()).await.map_err(Box::new)?.into_inner();
    let retention = found.config.and_then(|config| config.workflow_execution_retention_ttl);
    if retention.is_some_and(|kept| kept.seconds >= RETENTION.as_secs().cast_signed()) {
        return Ok(());
    }
    let update = UpdateNamespaceRequest {
        namespace: namespace.into(),
        config: Some(NamespaceConfig {
            workflow_execution_retention_ttl: RETENTION.try_into().ok(),
            ..Default::default()
        }),
        ..Default::default()
    };
    service.update_namespace(update.into_request()).await.map_err(Box::new)?;
    Ok(())
}
