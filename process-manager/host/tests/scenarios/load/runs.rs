//! The runs of an instance, from the first to the latest.

use process_manager::manager::ProcessManager;
use process_manager_engine::instance::workflow_id;
use temporalio_client::{NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    enums::v1::{HistoryEventFilterType, WorkflowExecutionStatus},
    history::v1::history_event::Attributes,
    workflow::v1::WorkflowExecutionInfo,
    workflowservice::v1::{DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest},
};

use super::super::world::World;

/// Returns the length of the history of each run of the instance, oldest first.
pub(super) async fn history_lengths<M: ProcessManager>(world: &World, id: &str) -> Vec<i64> {
    let mut run = describe::<M>(world, id, "").await.first_run_id;
    let mut lengths = Vec::new();
    loop {
        let info = describe::<M>(world, id, &run).await;
        lengths.push(info.history_length);
        // If asked for the last event of a run that is not over, the server waits for it.
        if info.status() != WorkflowExecutionStatus::ContinuedAsNew {
            return lengths;
        }
        run = next_run::<M>(world, id, &run).await;
    }
}

fn execution<M: ProcessManager>(id: &str, run: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id::<M>(id), run_id: run.to_owned() })
}

async fn describe<M: ProcessManager>(world: &World, id: &str, run: &str) -> WorkflowExecutionInfo {
    let mut client = world.server.client().clone();
    let request =
        DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution: execution::<M>(id, run) };
    let answer = client.describe_workflow_execution(request.into_request()).await.unwrap().into_inner();
    answer.workflow_execution_info.unwrap()
}

/// Returns the run as which this one has continued.
async fn next_run<M: ProcessManager>(world: &World, id: &str, run: &str) -> String {
    let mut client = world.server.client().clone();
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: client.namespace(),
        execution: execution::<M>(id, run),
        history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
        ..Default::default()
    };
    let answer = client.get_workflow_execution_history(request.into_request()).await.unwrap().into_inner();
    match answer.history.and_then(|mut history| history.events.pop()?.attributes) {
        Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(continued)) => continued.new_execution_run_id,
        other => panic!("the run has continued as new, and ends with {other:?}"),
    }
}
