//! The owner of a namespace: the system whose Billing log the namespace's subscription follows.
//!
//! Workflow ids and the task queue have fixed names, so two systems in one namespace would run each other's processes
//! against the wrong services. Billing's `logid` tells the systems apart.

use std::{sync::Arc, time::Duration};

use process_manager_client::http::{CommandError, Fault};
use process_manager_host::operator::{OperatorError, decode};
use serde::Deserialize;
use serde_json::Value;
use temporalio_client::{
    NamespacedClient,
    grpc::WorkflowService,
    tonic::{Code, IntoRequest},
};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    enums::v1::WorkflowExecutionStatus,
    history::v1::history_event::Attributes,
    workflowservice::v1::{DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest},
};
use tokio::time::{sleep, timeout};

use crate::{LookupError, VoidingClient};

/// Name of the subscription to Billing's log.
pub const SUBSCRIPTION: &str = "voiding";
/// Pause before the namespace is checked again.
const PAUSE: Duration = Duration::from_secs(10);
const WITHIN: Duration = Duration::from_secs(3);

/// The namespace belongs to another system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the namespace {namespace} belongs to another system: its subscription follows the log {theirs} of a Billing, and \
     BILLING_URL has {ours}. Set TEMPORAL_NAMESPACE to a namespace of this system's own. If Billing's database was \
     replaced for good, end the old subscription: temporal workflow terminate --workflow-id subscription-{SUBSCRIPTION}"
)]
pub struct AnotherSystem {
    namespace: String,
    theirs: String,
    ours: String,
}

/// The place of the subscription, from its heartbeat or its input.
#[derive(Debug, Clone, Deserialize)]
struct At {
    #[serde(default)]
    position: i64,
    #[serde(default)]
    logid: Option<String>,
}

impl VoidingClient {
    /// Checks that the namespace belongs to this system, or to nobody yet.
    ///
    /// # Errors
    /// Returns [`LookupError`] if Temporal or Billing is unavailable, so that the owner is not known.
    pub async fn owner(&self) -> Result<Result<(), AnotherSystem>, LookupError> {
        let Some(At { position, logid: Some(theirs) }) = self.followed().await? else { return Ok(Ok(())) };
        let ours = match self.log_after(position - 1).await? {
            Some(found) => found,
            None => self.log_after(0).await?.unwrap_or_else(|| "an empty log".to_owned()),
        };
        let namespace = self.namespace();
        Ok(if ours == theirs { Ok(()) } else { Err(AnotherSystem { namespace, theirs, ours }) })
    }

    /// Checks the namespace until it is known to belong to this system. While it does not, nothing is sent or started.
    pub fn watch_owner(&self) {
        let voidings = self.clone();
        tokio::spawn(async move {
            loop {
                match voidings.owner().await {
                    Ok(Ok(())) => return voidings.set_foreign(None),
                    Ok(Err(another)) => voidings.set_foreign(Some(another)),
                    Err(error) => {
                        tracing::debug!(error = &error as &dyn std::error::Error, "the namespace's owner is unknown")
                    }
                }
                sleep(PAUSE).await;
            }
        });
    }

    /// Returns the error while the namespace is known to belong to another system.
    ///
    /// # Errors
    /// Returns [`AnotherSystem`].
    pub fn check_owner(&self) -> Result<(), Arc<AnotherSystem>> {
        let foreign = self.foreign.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        foreign.clone().map_or(Ok(()), Err)
    }

    fn set_foreign(&self, another: Option<AnotherSystem>) {
        let another = another.map(Arc::new);
        let mut foreign = self.foreign.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(another) = another.as_ref().filter(|another| foreign.as_ref() != Some(another)) {
            tracing::error!("{another}");
        }
        *foreign = another;
    }

    /// Returns the place of the running subscription; `None` if none runs.
    async fn followed(&self) -> Result<Option<At>, OperatorError> {
        let mut client = self.workflows.client()?;
        let execution = || {
            let workflow_id = format!("subscription-{SUBSCRIPTION}");
            Some(WorkflowExecution { workflow_id, run_id: String::new() })
        };
        let request = DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution: execution() };
        let answer = timeout(WITHIN, client.describe_workflow_execution(request.into_request())).await;
        let described = match answer.map_err(|_| OperatorError::NoAnswer)? {
            Ok(described) => described.into_inner(),
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(OperatorError::Unavailable(Box::new(status))),
        };
        let is_running =
            described.workflow_execution_info.is_some_and(|info| info.status() == WorkflowExecutionStatus::Running);
        if !is_running {
            return Ok(None);
        }
        let beat = described.pending_activities.iter().find_map(|activity| activity.heartbeat_details.as_ref());
        if let Some(at) = beat.and_then(|details| details.payloads.first()).and_then(decode) {
            return Ok(Some(at));
        }
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: client.namespace(),
            execution: execution(),
            maximum_page_size: 1,
            ..Default::default()
        };
        let answer = timeout(WITHIN, client.get_workflow_execution_history(request.into_request())).await;
        let history = answer.map_err(|_| OperatorError::NoAnswer)?;
        let history = history.map_err(|status| OperatorError::Unavailable(Box::new(status)))?.into_inner().history;
        let input = history.and_then(|history| match history.events.into_iter().next()?.attributes? {
            Attributes::WorkflowExecutionStartedEventAttributes(started) => started.input?.payloads.into_iter().next(),
            _ => None,
        });
        Ok(input.as_ref().and_then(decode))
    }

    /// Returns the id of the log of the first event after a position.
    async fn log_after(&self, position: i64) -> Result<Option<String>, Fault> {
        let after = position.max(0).to_string();
        let query = [("after", after.as_str()), ("limit", "1")];
        match self.billing().client().get::<Vec<Value>>(&["events"], &query).await {
            Ok(events) => Ok(events.first().and_then(|event| event["logid"].as_str()).map(str::to_owned)),
            Err(CommandError::Refused(_)) => Ok(None),
            Err(CommandError::Fault(fault)) => Err(fault),
        }
    }
}
