//! S12: operators decide about a subscription while its turn ends.

use process_manager_engine::subscription::Status;
use serde_json::json;
use temporalio_client::{NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    failure::v1::{ApplicationFailureInfo, Failure, failure::FailureInfo},
    workflowservice::v1::{DescribeWorkflowExecutionRequest, RespondActivityTaskFailedByIdRequest},
};

use super::{
    probe::{Probe, Step},
    world::World,
};

/// Stops the turn, as an event that cannot be routed does.
async fn stop_turn(world: &World) {
    let mut client = world.server.client().clone();
    let workflow_id = "subscription-Probe".to_owned();
    let execution = Some(WorkflowExecution { workflow_id: workflow_id.clone(), run_id: String::new() });
    let described = DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution };
    let described = client.describe_workflow_execution(described.into_request()).await.unwrap().into_inner();
    let info =
        ApplicationFailureInfo { r#type: "EventNotRouted".to_owned(), non_retryable: true, ..Default::default() };
    let failed = RespondActivityTaskFailedByIdRequest {
        namespace: client.namespace(),
        workflow_id,
        activity_id: described.pending_activities[0].activity_id.clone(),
        failure: Some(Failure {
            message: "the test wants it".to_owned(),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
            ..Default::default()
        }),
        ..Default::default()
    };
    client.respond_activity_task_failed_by_id(failed.into_request()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_pause_or_a_rewind_that_comes_with_the_end_of_a_turn_counts() {
    let mut world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    // The turn ends with the worker, and nobody is there to take the workflow task.
    world.worker.take().unwrap().end();
    world.signal("subscription-Probe", "pause", None).await;
    world.host::<Probe>().await;
    let second = world.append(Step::start("a", "two"));
    let paused = world.subscription_until("paused", |it| it.status == Status::Paused).await;
    assert_eq!(paused.at.position, 1);
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
    world.signal("subscription-Probe", "resume", None).await;
    world.handled(&second).await;

    world.worker.take().unwrap().end();
    world.signal("subscription-Probe", "rewind", Some(json!({"position": 0}))).await;
    world.host::<Probe>().await;
    world.subscription_until("rewound", |it| it.status == Status::Following && it.at.position == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_rewind_that_comes_with_the_stop_of_a_turn_counts() {
    let mut world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.kill();
    // Nobody is there to take the workflow task.
    stop_turn(&world).await;
    world.signal("subscription-Probe", "rewind", Some(json!({"position": 0}))).await;
    world.host::<Probe>().await;
    let second = world.append(Step::start("a", "two"));
    world.handled(&second).await;
    let state = world.subscription().await;
    assert_eq!((state.status, state.error), (Status::Following, None));
}
