//! R01–R16: where events go.

use process_manager::instance::Status as Instance;
use process_manager_engine::subscription::Status;
use process_manager_host::{Hosting, Manager};

use super::{
    probe::{OtherProbe, Probe, RouteTo, Step},
    world::World,
};

#[tokio::test(flavor = "multi_thread")]
async fn r01_start_begins_an_instance_that_handles_the_event() {
    let world = World::new().await;
    let event = world.append(Step::start("a", "one").commands(&["x"]));
    world.handled(&event).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
    assert_eq!(world.recorder.labels(), ["x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r02_the_id_may_come_from_the_events_metadata() {
    let world = World::new().await;
    let step = Step { by_metadata: true, ..Step::start("-", "one") };
    let event = world.append_about("subject-7", step);
    world.handled(&event).await;
    assert_eq!(world.applied("subject-7").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r03_start_of_an_instance_that_exists_continues_it() {
    let world = World::new().await;
    world.append(Step::start("a", "one"));
    let second = world.append(Step::start("a", "two"));
    world.handled(&second).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r04_continue_goes_to_the_instance_that_exists() {
    let world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    let second = world.append(Step::new(RouteTo::Continue, "a", "two"));
    world.handled(&second).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_continue_begins_an_instance_where_none_is() {
    let world = World::new().await;
    let event = world.append(Step::new(RouteTo::Continue, "a", "one"));
    world.handled(&event).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r06_stop_ends_the_instance_and_a_later_start_begins_afresh() {
    let world = World::new().await;
    world.append(Step::start("a", "one"));
    let stop = world.append(Step::new(RouteTo::Stop, "a", "stop"));
    world.handled(&stop).await;
    let ended = world.until("a", "ended", |view| view.status == Instance::Ended).await;
    assert!(ended.state.is_null(), "{ended:?}");
    let again = world.append(Step::start("a", "again"));
    world.handled(&again).await;
    assert_eq!(world.applied("a").await.unwrap(), ["again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r07_start_of_nobody_passes_the_event_over() {
    let world = World::new().await;
    world.append(Step { ids: vec![], ..Step::start("-", "nobody") });
    let next = world.append(Step::start("a", "one"));
    world.handled(&next).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r08_a_strict_start_begins_an_instance() {
    let world = World::new().await;
    let event = world.append(Step::new(RouteTo::StartStrict, "a", "one"));
    world.handled(&event).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_a_strict_start_of_an_instance_that_exists_stops_the_subscription_visibly() {
    let world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.append(Step::new(RouteTo::StartStrict, "a", "two"));
    let stopped = world.subscription_until("stopped", |it| it.status == Status::Stopped).await;
    assert_eq!(stopped.at.position, 1);
    assert!(stopped.error.unwrap().contains("instance a has been started already"));
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r10_a_strict_continuation_goes_to_the_instance() {
    let world = World::new().await;
    world.append(Step::start("a", "one"));
    let event = world.append(Step::new(RouteTo::ContinueStrict, "a", "two"));
    world.handled(&event).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_strict_continuation_of_nobody_is_an_error() {
    let world = World::new().await;
    world.append(Step::new(RouteTo::ContinueStrict, "a", "one"));
    let stopped = world.subscription_until("stopped", |it| it.status == Status::Stopped).await;
    assert_eq!(stopped.at.position, 0);
    assert!(stopped.error.unwrap().contains("instance a has not been started"));
    assert!(world.view("a").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_a_routing_function_that_fails_stops_the_subscription_when_the_error_function_says_so() {
    let world = World::new().await;
    world.append(Step::start("a", "one"));
    world.append_about("stop:", Step { unroutable: true, ..Step::default() });
    world.append(Step::start("a", "three"));
    let stopped = world.subscription_until("stopped", |it| it.status == Status::Stopped).await;
    assert_eq!(stopped.at.position, 1);
    assert!(stopped.error.unwrap().contains("route fails as it should"));
    // Everything before it is delivered, nothing behind it is.
    world.until("a", "one is applied", |view| view.handled_events == 1).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_routing_error_that_is_skipped_lets_later_events_through() {
    let world = World::new().await;
    world.append_about("skip:", Step { unroutable: true, ..Step::default() });
    let next = world.append(Step::start("a", "one"));
    world.handled(&next).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
    assert_eq!(world.subscription().await.status, Status::Following);
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_one_event_with_three_ids_reaches_three_instances() {
    let world = World::new().await;
    let ids = ["a", "b", "c"].map(str::to_owned).to_vec();
    let event = world.append(Step { ids: ids.clone(), ..Step::start("-", "one").commands(&["x"]) });
    world.handled(&event).await;
    for id in ids {
        assert_eq!(world.applied(&id).await.unwrap(), ["one"]);
        let key = format!("Probe/{id}/{}/{}/0", event.logid, event.id);
        let of_its_own =
            world.recorder.sent().into_iter().filter(|it| it.envelope.idempotency_key.as_deref() == Some(&key));
        assert_eq!(of_its_own.count(), 1, "{key}");
    }
    assert_eq!(world.recorder.labels().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn r15_ignored_events_are_passed_over_and_a_mixed_stream_reaches_its_stop() {
    let world = World::new().await;
    let ignored = Step { route: None, ..Step::default() };
    world.append(ignored.clone());
    world.append(Step::start("a", "one"));
    world.append(ignored.clone());
    world.log.append(&serde_json::json!({"type": "SomethingElse", "data": [1, 2]}));
    world.append(Step::new(RouteTo::Continue, "a", "two").commands(&["x"]));
    world.append(ignored);
    let stop = world.append(Step::new(RouteTo::Stop, "a", "stop"));
    world.handled(&stop).await;
    world.until("a", "ended", |view| view.status == Instance::Ended).await;
    assert_eq!(world.recorder.labels(), ["x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_two_process_managers_on_one_stream_see_nothing_of_each_other() {
    let mut world = World::without_worker().await;
    let both = |world: &World, hosting: Hosting| {
        let hosting = hosting.manager(Manager::<Probe>::new(world.log.clone(), world.recorder.clone()));
        hosting.manager(Manager::<OtherProbe>::new(world.log.clone(), world.recorder.clone()))
    };
    world.host_all(both).await;
    let event = world.append(Step::start("a", "one").commands(&["x"]));
    world.handled(&event).await;
    world.handled_by::<OtherProbe>(&event).await;
    assert_eq!(world.recorder.effects(), ["x", "x"], "a key names the process manager");
    // One subscription is paused: the other goes on, and ends its instance.
    world.signal("subscription-Probe", "pause", None).await;
    world.subscription_until("paused", |it| it.status == Status::Paused).await;
    let stop = world.append(Step::new(RouteTo::Stop, "a", "stop"));
    world.handled_by::<OtherProbe>(&stop).await;
    assert!(world.view_of::<OtherProbe>("a").await.unwrap().state.is_null());
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
    assert_eq!(world.subscription().await.at.position, 1);
    world.signal("subscription-Probe", "resume", None).await;
    world.handled(&stop).await;
    world.until("a", "ended", |view| view.status == Instance::Ended).await;
}
