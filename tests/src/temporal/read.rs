//! Reading from a namespace: runs, histories, queries, lists.

use messages::{DocumentId, voiding::VoidingView};
use serde::de::DeserializeOwned;
use temporalio_client::tonic::{Code, IntoRequest, Status};
use temporalio_common::protos::temporal::api::{
    history::v1::HistoryEvent,
    query::v1::WorkflowQuery,
    workflow::v1::WorkflowExecutionInfo,
    workflowservice::v1::{
        DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest, ListWorkflowExecutionsRequest,
        QueryWorkflowRequest,
    },
};

use super::{
    Temporal,
    client::{execution, patiently, workflow_id},
};

impl Temporal {
    /// Returns the document's latest run; `None` if there is none.
    ///
    /// # Panics
    /// Panics if Temporal is unavailable.
    pub async fn describe(&self, document_id: &DocumentId) -> Option<WorkflowExecutionInfo> {
        self.describe_by_id(&workflow_id(document_id)).await
    }

    /// Returns a workflow's latest run, such as that of `TransferMoney-…`; `None` if there is none.
    ///
    /// # Panics
    /// Panics if Temporal is unavailable.
    pub async fn describe_by_id(&self, workflow_id: &str) -> Option<WorkflowExecutionInfo> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.namespace().to_owned(),
            execution: execution(workflow_id, ""),
        };
        let call = async || self.service().await.describe_workflow_execution(request.clone().into_request()).await;
        match patiently(call).await {
            Ok(answer) => answer.into_inner().workflow_execution_info,
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("describe {workflow_id}: {status}"),
        }
    }

    /// Returns the history of the document's latest run.
    ///
    /// # Panics
    /// Panics if there is none.
    pub async fn history(&self, document_id: &DocumentId) -> Vec<HistoryEvent> {
        self.history_of(&workflow_id(document_id), "").await
    }

    /// Returns the history of a workflow's latest run, such as that of `subscription-…`.
    ///
    /// # Panics
    /// Panics if there is none.
    pub async fn history_by_id(&self, workflow_id: &str) -> Vec<HistoryEvent> {
        self.history_of(workflow_id, "").await
    }

    /// Returns the history of one of a workflow's runs.
    ///
    /// # Panics
    /// Panics if there is none.
    pub async fn history_of(&self, workflow_id: &str, run_id: &str) -> Vec<HistoryEvent> {
        let mut events = Vec::new();
        let mut next_page_token = Vec::new();
        loop {
            let request = GetWorkflowExecutionHistoryRequest {
                namespace: self.namespace().to_owned(),
                execution: execution(workflow_id, run_id),
                next_page_token,
                ..Default::default()
            };
            let call =
                async || self.service().await.get_workflow_execution_history(request.clone().into_request()).await;
            let page = patiently(call)
                .await
                .unwrap_or_else(|status| panic!("history of {workflow_id}: {status}"))
                .into_inner();
            events.extend(page.history.unwrap_or_default().events);
            next_page_token = page.next_page_token;
            if next_page_token.is_empty() {
                return events;
            }
        }
    }

    /// Returns the workflow's answer to the query `state`.
    ///
    /// # Errors
    /// Returns Temporal's answer if it is another one, such as that no worker runs.
    pub async fn query_state(&self, document_id: &DocumentId) -> Result<VoidingView, String> {
        self.query_by_id(&workflow_id(document_id), "state").await
    }

    /// Returns the answer of a workflow's latest run to a query.
    ///
    /// # Errors
    /// Returns Temporal's answer if it is another one, such as that no worker runs.
    pub async fn query_by_id<T: DeserializeOwned>(&self, workflow_id: &str, query_type: &str) -> Result<T, String> {
        let request = QueryWorkflowRequest {
            namespace: self.namespace().to_owned(),
            execution: execution(workflow_id, ""),
            query: Some(WorkflowQuery { query_type: query_type.to_owned(), ..Default::default() }),
            ..Default::default()
        };
        let call = async || self.service().await.query_workflow(request.clone().into_request()).await;
        let answer = patiently(call).await.map_err(|status| status.to_string())?;
        let payloads = answer.into_inner().query_result.ok_or("the query was rejected")?.payloads;
        let payload = payloads.first().ok_or("the query answered nothing")?;
        serde_json::from_slice(&payload.data).map_err(|error| error.to_string())
    }

    /// Returns the runs that a visibility query finds, such as `ExecutionStatus = 'Running'`. Lags by up to a second.
    ///
    /// # Panics
    /// Panics if Temporal is unavailable.
    pub async fn list(&self, query: &str) -> Vec<WorkflowExecutionInfo> {
        patiently(async || self.try_list(query).await).await.unwrap_or_else(|status| panic!("list {query:?}: {status}"))
    }

    pub(super) async fn try_list(&self, query: &str) -> Result<Vec<WorkflowExecutionInfo>, Status> {
        let mut runs = Vec::new();
        let mut next_page_token = Vec::new();
        loop {
            let request = ListWorkflowExecutionsRequest {
                namespace: self.namespace().to_owned(),
                page_size: 1000,
                next_page_token,
                query: query.to_owned(),
            };
            let page = self.service().await.list_workflow_executions(request.into_request()).await?.into_inner();
            runs.extend(page.executions);
            next_page_token = page.next_page_token;
            if next_page_token.is_empty() {
                return Ok(runs);
            }
        }
    }
}
