//! Checks whether the dev server serves its namespace, and how long that keeps ended runs.

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

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The reason why the namespace is not as it should be (yet).
#[derive(Debug, thiserror::Error)]
pub(super) enum NamespaceError {
    /// The address is not host and port.
    #[error("{0}")]
    Address(#[from] url::ParseError),
    /// Nothing listens.
    #[error("no connection ({0})")]
    Connect(#[from] ClientConnectError),
    /// The server does not serve the namespace.
    #[error("its namespace does not answer ({0})")]
    Call(#[from] Box<Status>),
}

/// Returns once the server at `address` (host:port) serves the namespace. If the namespace keeps ended runs for less
/// than `retention`, that is raised.
///
/// # Errors
/// [`NamespaceError`] while the server does not answer; one attempt, no retries.
pub(super) async fn serves(address: &str, namespace: &str, retention: Option<Duration>) -> Result<(), NamespaceError> {
    let options = ConnectionOptions::new(Url::parse(&format!("http://{address}"))?)
        .connect_timeout(CONNECT_TIMEOUT)
        .retry_options(RetryOptions::no_retries())
        .build();
    let mut service = Connection::connect(options).await?.workflow_service();
    let describe = DescribeNamespaceRequest { namespace: namespace.into(), ..Default::default() };
    let found = service.describe_namespace(describe.into_request()).await.map_err(Box::new)?.into_inner();
    let kept = found.config.and_then(|config| config.workflow_execution_retention_ttl);
    let is_kept = |wanted: Duration| kept.is_some_and(|kept| kept.seconds >= wanted.as_secs().cast_signed());
    let Some(retention) = retention.filter(|wanted| !is_kept(*wanted)) else { return Ok(()) };
    let update = UpdateNamespaceRequest {
        namespace: namespace.into(),
        config: Some(NamespaceConfig {
            workflow_execution_retention_ttl: retention.try_into().ok(),
            ..Default::default()
        }),
        ..Default::default()
    };
    service.update_namespace(update.into_request()).await.map_err(Box::new)?;
    Ok(())
}
