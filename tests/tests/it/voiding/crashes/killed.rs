//! The worker's process is killed at every step and restarted.

use futures::future::join_all;
use tests::{Component, Env, binaries};

use super::steps::Held;
use super::steps::end_well;
use super::steps::hold_each;

#[tokio::test]
async fn a_worker_killed_at_the_first_attempt_of_each_step_comes_to_the_same_end_and_each_command_takes_effect_once() {
    let env = &Env::builder(binaries!()).start().await;
    let held = hold_each(env).await;
    env.kill(Component::Worker).await;
    held.iter().for_each(Held::release);
    env.start(Component::Worker).await;
    end_well(env, &held).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_worker_killed_at_a_repeated_attempt_of_each_step_comes_to_the_same_end_and_each_command_takes_effect_once() {
    let env = &Env::builder(binaries!()).start().await;
    let held = hold_each(env).await;
    join_all(held.iter().map(|held| held.durable(env))).await;
    // Twice, so that what has been replayed is replayed again.
    for _ in 0..2 {
        env.kill(Component::Worker).await;
        env.start(Component::Worker).await;
        env.ready(Component::Worker).await;
    }
    held.iter().for_each(Held::release);
    end_well(env, &held).await;
    env.assert_consistent().await;
}
