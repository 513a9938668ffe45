//! S01–S10: how events arrive.

use std::time::Duration;

use process_manager::instance::{InstanceView, Status as Instance};
use process_manager_engine::subscription::Status;
use process_manager_host::Manager;
use serde_json::json;
use test_support::eventually;

use super::{
    ended::terminate,
    probe::{Answer, Consistent, FromNow, FromSecond, Hasty, Probe, RouteTo, Step},
    world::{Receiver, World, applied},
};

#[tokio::test(flavor = "multi_thread")]
async fn s01_from_the_origin_every_event_in_the_log_is_handled() {
    let mut world = World::without_worker().await;
    world.append(Step::start("a", "one"));
    let second = world.append(Step::start("a", "two"));
    world.host::<Probe>().await;
    world.handled(&second).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s02_from_now_only_later_events_are_handled() {
    let mut world = World::without_worker().await;
    world.append(Step::start("a", "one"));
    world.append(Step::start("a", "two"));
    world.host::<FromNow>().await;
    let following = async || match world.subscription_of::<FromNow>().await {
        state if state.at.position == 2 => Ok(()),
        state => Err(state),
    };
    eventually("the subscription has found its start", following).await;
    let third = world.append(Step::start("a", "three"));
    world.handled_by::<FromNow>(&third).await;
    assert_eq!(applied(&world.view_of::<FromNow>("a").await.unwrap()).unwrap(), ["three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s02_from_now_what_came_before_a_terminated_subscription_is_back_is_handled() {
    let mut world = World::without_worker().await;
    world.append(Step::start("a", "one"));
    world.host::<FromNow>().await;
    let found = async || Some(world.subscription_of::<FromNow>().await).filter(|it| it.at.position == 1).ok_or(());
    eventually("the subscription has found its start", found).await;
    // The second time it has not read an event since its beginning.
    for label in ["two", "three"] {
        world.kill();
        world.append(Step::start("a", label));
        terminate(&world, "subscription-FromNow").await;
        world.host::<FromNow>().await;
        let last = world.append(Step::start("a", "more"));
        world.handled_by::<FromNow>(&last).await;
    }
    let applied = applied(&world.view_of::<FromNow>("a").await.unwrap()).unwrap();
    assert_eq!(applied, ["two", "more", "three", "more"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_from_a_position_only_events_behind_it_are_handled() {
    let mut world = World::without_worker().await;
    for name in ["one", "two", "three", "four"] {
        world.append(Step::start("a", name));
    }
    world.host::<FromSecond>().await;
    let fifth = world.append(Step::start("a", "five"));
    world.handled_by::<FromSecond>(&fifth).await;
    assert_eq!(applied(&world.view_of::<FromSecond>("a").await.unwrap()).unwrap(), ["three", "four", "five"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_a_host_that_restarts_between_any_two_steps_resumes_after_the_last_handled_event() {
    let mut world = World::new().await;
    let first = world.append(Step::start("a", "one").commands(&["x"]));
    world.handled(&first).await;
    // Between two events; with an event in the log that no host has seen; and in the middle of a command.
    world.restart().await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
    world.kill();
    let second = world.append(Step::start("a", "two").commands(&["y"]));
    world.host::<Probe>().await;
    world.handled(&second).await;
    world.recorder.answer("z", &[Receiver::Hangs, Receiver::Accepts]);
    let third = world.append(Step::start("a", "three").commands(&["z"]));
    let in_hand = async || world.recorder.labels().contains(&"z".to_owned()).then_some(()).ok_or(());
    eventually("the command is in hand", in_hand).await;
    world.restart().await;
    world.handled(&third).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two", "three"]);
    assert_eq!(world.recorder.effects(), ["x", "y", "z"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s05_an_event_that_is_delivered_twice_is_handled_once() {
    let world = World::new().await;
    world.append(Step::start("a", "one").commands(&["x"]));
    world.append(Step::start("b", "one").commands(&["y"]));
    let stop = world.append(Step::new(RouteTo::Stop, "b", "stop"));
    world.handled(&stop).await;
    world.until("b", "b has ended", |view| view.status == Instance::Ended).await;
    world.signal("subscription-Probe", "rewind", Some(json!({"position": 0}))).await;
    world.subscription_until("it is delivered again", |it| it.at.position == 0).await;
    let last = world.append(Step::start("a", "two"));
    world.handled(&last).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
    // What has ended does not begin again either.
    assert!(world.view("b").await.unwrap().state.is_null());
    let mut labels = world.recorder.labels();
    labels.sort();
    assert_eq!(labels, ["x", "y"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s06_a_source_that_is_down_is_asked_ever_more_rarely_and_nothing_is_lost() {
    let world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.log.set_away(true);
    let second = world.append(Step::start("a", "two"));
    // A busy machine makes some pauses longer, but in the end they are long themselves.
    eventually("four pauses in a row are each longer than the one before", async || {
        let asked = world.log.asked_while_away();
        let pauses: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let grow = |four: &[Duration]| four.windows(2).all(|pair| pair[1] > pair[0]);
        if pauses.windows(4).any(grow) { Ok(()) } else { Err(pauses) }
    })
    .await;
    world.log.set_away(false);
    world.handled(&second).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s07_a_handler_that_does_not_return_in_time_fails_as_a_timeout_and_the_error_function_decides() {
    let mut world = World::without_worker().await;
    world.recorder.answer("slow", &[Receiver::Hangs]);
    world.recorder.answer("slowly", &[Receiver::Hangs, Receiver::Accepts]);
    let hosts = |world: &World, hosting: process_manager_host::Hosting| {
        let hosting = hosting.manager(Manager::<Hasty>::new(world.log.clone(), world.recorder.clone()));
        hosting.manager(Manager::<Probe>::new(world.log.clone(), world.recorder.clone()))
    };
    world.host_all(hosts).await;
    world.append(Step::start("a", "one").commands(&["slow"]));
    let parked =
        eventually("a is parked", async || world.view_of::<Hasty>("a").await.and_then(|view| view.failure).ok_or(()));
    let failure = parked.await;
    assert_eq!((failure.code.as_str(), failure.command.as_deref()), ("timeout", Some("Do")));
    let skipped = world.append(Step::start("b", "two").commands(&["slow"]).on_error(&[Answer::SkipCommand]));
    world.handled_by::<Hasty>(&skipped).await;
    assert_eq!(applied(&world.view_of::<Hasty>("b").await.unwrap()).unwrap(), ["two"]);
    // Without a limit it waits, and the next attempt succeeds.
    let waits = world.append(Step::start("c", "three").commands(&["slowly"]));
    world.handled_by::<Probe>(&waits).await;
    assert_eq!(world.applied("c").await.unwrap(), ["three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_one_instance_that_is_stuck_holds_up_its_own_events_only() {
    let world = World::new().await;
    world.recorder.answer("stuck", &[Receiver::Faults]);
    world.append(Step::start("a", "one").commands(&["stuck"]));
    let second_of_a = world.append(Step::start("a", "two").commands(&["after"]));
    let of_b = world.append(Step::start("b", "three").commands(&["free"]));
    world.handled(&of_b).await;
    let is_stuck = |view: &InstanceView| (view.queued_events, view.handled_events) == (1, 0);
    world.until("a", "its second event waits", is_stuck).await;
    world.recorder.answer("stuck", &[Receiver::Accepts]);
    world.handled(&second_of_a).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
    assert_eq!(world.recorder.effects(), ["free", "stuck", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_a_strongly_consistent_call_returns_once_the_event_is_handled_and_waits_for_no_other() {
    let mut world = World::without_worker().await;
    world.recorder.answer("causes", &[Receiver::Faults, Receiver::Faults, Receiver::Accepts]);
    world.recorder.answer("never", &[Receiver::Hangs]);
    world.host::<Probe>().await;
    let first = world.append(Step::start("a", "one").commands(&["causes"]));
    let caused = world.append(Step::start("a", "two").commands(&["never"]));
    world.handled(&first).await;
    let view = world.view("a").await.unwrap();
    assert_eq!(applied(&view).unwrap(), ["one"]);
    assert!(!view.ledger.has_handled(&caused.logid, caused.sequence));
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_a_strongly_consistent_subscription_moves_on_once_its_events_are_handled() {
    let mut world = World::without_worker().await;
    world.recorder.answer("never", &[Receiver::Hangs]);
    let both = |world: &World, hosting: process_manager_host::Hosting| {
        let hosting = hosting.manager(Manager::<Consistent>::new(world.log.clone(), world.recorder.clone()));
        hosting.manager(Manager::<Probe>::new(world.log.clone(), world.recorder.clone()))
    };
    world.host_all(both).await;
    world.append(Step::start("a", "one").commands(&["never"]));
    let in_hand = async || (world.recorder.labels().len() >= 2).then_some(()).ok_or(());
    eventually("both have the command in hand", in_hand).await;
    // A paused subscription says exactly where it is.
    for name in ["subscription-Consistent", "subscription-Probe"] {
        world.signal(name, "pause", None).await;
    }
    let eventual = world.subscription_until("paused", |it| it.status == Status::Paused).await;
    assert_eq!(eventual.at.position, 1);
    let strong = eventually("paused", async || match world.subscription_of::<Consistent>().await {
        state if state.status == Status::Paused => Ok(state),
        other => Err(other),
    });
    assert_eq!(strong.await.at.position, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_an_event_of_an_older_schema_is_upcast_before_it_is_routed() {
    let world = World::new().await;
    let old = world.log.append(&json!({"type": "ItHappened", "data": {"what": "one", "who": "a"}}));
    world.handled(&old).await;
    let new = world.append(Step::start("a", "two"));
    world.handled(&new).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_subscription_delivers_nothing_until_it_is_resumed() {
    let world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.signal("subscription-Probe", "pause", None).await;
    world.subscription_until("paused", |it| it.status == Status::Paused && it.at.position == 1).await;
    let second = world.append(Step::start("a", "two"));
    world.signal("subscription-Probe", "resume", Some(json!({"position": "nonsense"}))).await;
    world.signal("subscription-Probe", "rewind", None).await;
    assert_eq!(world.subscription().await.status, Status::Paused);
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
    world.signal("subscription-Probe", "resume", None).await;
    world.handled(&second).await;
    assert_eq!(world.subscription().await.status, Status::Following);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_subscription_that_is_terminated_comes_back_paused() {
    let mut world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.signal("subscription-Probe", "pause", None).await;
    world.subscription_until("paused", |it| it.status == Status::Paused && it.at.position == 1).await;
    // The second time this holds from its beginning.
    for _ in 0..2 {
        terminate(&world, "subscription-Probe").await;
        world.restart().await;
        world.subscription_until("back", |it| it.status == Status::Paused && it.at.position == 0).await;
    }
    let second = world.append(Step::start("a", "two"));
    world.signal("subscription-Probe", "resume", None).await;
    world.handled(&second).await;
    terminate(&world, "subscription-Probe").await;
    world.restart().await;
    let third = world.append(Step::start("a", "three"));
    world.handled(&third).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two", "three"]);
}
