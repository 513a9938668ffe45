//! X05 with the operator client: instances are listed, read, retried and acknowledged; subscriptions are paused and
//! rewound.

use process_manager::instance::{Acknowledge, Status};
use process_manager_engine::subscription;
use process_manager_host::operator::{
    Answer, InstanceFilter, InstanceStatus, Operator, OperatorError, TimelineEvent, Trouble,
};
use test_support::eventually;

use super::{
    probe::{Probe, Step},
    world::{Receiver, World},
};

/// Returns a world with the instance `a`, parked because `bad` was refused.
async fn with_a_parked_instance() -> (World, Operator) {
    let world = World::new().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["bad"]));
    world.until("a", "parked", |view| view.status == Status::Parked).await;
    let operator = Operator::new(world.server.client().clone());
    (world, operator)
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_an_operator_lists_reads_and_retries_instances_by_name() {
    let (world, operator) = with_a_parked_instance().await;
    let probes = operator.instances_of("Probe");
    let incidents = InstanceFilter { is_running: Some(true), has_incident: Some(true), ..InstanceFilter::default() };
    let listed = eventually("the instance is listed", async || {
        let page = probes.list(&incidents, 10, Vec::new()).await.map_err(|error| error.to_string())?;
        page.items.into_iter().next().ok_or_else(|| "none is listed".to_owned())
    })
    .await;
    assert_eq!((listed.process_id.as_str(), listed.status), ("a", InstanceStatus::Parked));
    assert_eq!(probes.count(&incidents).await.unwrap(), 1);
    let page = probes.list(&incidents, 1, Vec::new()).await.unwrap();
    assert_eq!((page.items.len(), page.next.len()), (1, 0), "a full page that is the last one offers no other");
    let of = |trouble| InstanceFilter { trouble: Some(trouble), ..incidents.clone() };
    assert_eq!(probes.count(&of(Trouble::NeedsAttention)).await.unwrap(), 1, "an operator has to decide");
    assert_eq!(probes.count(&of(Trouble::Retrying)).await.unwrap(), 0);

    let parked = probes.read("a").await.unwrap().unwrap();
    assert_eq!(parked.failure_id(), Some("a/1"));
    let refusal = parked.failure.unwrap().refusal.unwrap();
    let told = probes.timeline("a").await.unwrap().entries.into_iter().map(|entry| entry.event);
    let is_refused = |event: &TimelineEvent| matches!(event, TimelineEvent::Command { answer: Answer::Refused(of), .. } if *of == refusal);
    assert_eq!(told.filter(is_refused).count(), 1);

    let another = probes.retry("a", Some("a/7")).await;
    assert!(matches!(another, Err(OperatorError::NoSuchFailure(_))), "{another:?}");
    let unknown = probes.retry("unknown", None).await;
    assert!(matches!(unknown, Err(OperatorError::NotFound(_))), "{unknown:?}");
    world.recorder.answer("bad", &[Receiver::Accepts]);
    probes.retry("a", Some("a/1")).await.unwrap();
    world.until("a", "running", |view| view.status == Status::Waiting).await;
    assert_eq!(probes.read("a").await.unwrap().unwrap().status, InstanceStatus::Running);
    assert_eq!(probes.read("unknown").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_an_operator_acknowledges_instances_by_type() {
    let (world, operator) = with_a_parked_instance().await;
    let probes = operator.instances::<Probe>();
    let too_long = Acknowledge { note: Some("x".repeat(2_001)), ..Acknowledge::default() };
    let refused = probes.acknowledge("a", too_long).await;
    assert!(matches!(refused, Err(OperatorError::TooLong)), "{refused:?}");
    let by = Acknowledge { acknowledged_by: Some("kim".to_owned()), ..Acknowledge::default() };
    probes.acknowledge("a", by.clone()).await.unwrap();
    world.until("a", "ended", |view| view.status == Status::Ended).await;
    assert_eq!(probes.read("a").await.unwrap().unwrap().status, InstanceStatus::GivenUp);
    let told = probes.timeline("a").await.unwrap().entries.into_iter().map(|entry| entry.event);
    let acknowledged = Acknowledge { failure_id: Some("a/1".to_owned()), ..by };
    assert!(told.into_iter().any(|event| event == TimelineEvent::Acknowledged(acknowledged.clone())));
    let again = probes.acknowledge("a", Acknowledge::default()).await;
    assert!(matches!(again, Err(OperatorError::NotRunning(_))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_an_operator_pauses_and_rewinds_a_subscription() {
    let world = World::new().await;
    let event = world.append(Step::start("a", "one"));
    world.handled(&event).await;
    let operator = Operator::new(world.server.client().clone());
    let probe = operator.subscription("Probe");
    probe.pause().await.unwrap();
    world.subscription_until("it is paused", |state| state.status == subscription::Status::Paused).await;
    probe.resume(None).await.unwrap();
    world.subscription_until("it follows", |state| state.status == subscription::Status::Following).await;
    probe.rewind(0).await.unwrap();
    let late = world.append(Step::start("b", "two"));
    world.handled(&late).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"], "a handled event is ignored");
    assert_eq!(probe.state().await.unwrap().unwrap().name, "Probe");
    let unknown = operator.subscription("unknown").pause().await;
    assert!(matches!(unknown, Err(OperatorError::NotFound(_))), "{unknown:?}");
}
