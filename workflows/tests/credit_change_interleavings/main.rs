//! Thousands of interleavings of a customer's credit changes. Processes, batches, operators and the customer act in any
//! order, and so do events arrive. Everything that must hold holds, and everything comes to an end.
//!
//! The process managers and the batches are the library's state machines. The service is a model of the design's table.
//! An ordinary run tries the same cases each time, so its verdict does not depend on luck. With `PROPTEST_CASES` above
//! 700 it tries others.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod batch;
mod checks;
mod confirming;
mod contracts;
mod outside;
mod process;
mod steps;
mod world;

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};

use self::{
    steps::{By, Step, schedule},
    world::World,
};

const CASES: u32 = 700;

fn config() -> Config {
    let default = Config::default();
    let (cases, seed) = match (default.cases, default.rng_seed) {
        (0..=CASES, RngSeed::Random) => (CASES, RngSeed::Fixed(1)),
        (cases, seed) => (cases.max(CASES), seed),
    };
    Config { cases, rng_seed: seed, failure_persistence: None, max_shrink_iters: 20_000, ..default }
}

fn holds(contracts: usize, steps: &[Step]) {
    let mut world = World::new(contracts);
    for step in steps {
        world.step(*step);
        if *step == Step::Settle {
            world.check_rest();
        }
    }
    world.settle();
    world.check_rest();
    world.land_what_is_late();
    world.settle();
    world.check_rest();
    world.let_the_customer_confirm();
    world.check_end();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_newest_change_wins_and_each_contract_is_confirmed_under_it(contracts in 0..7_usize, steps in schedule(By::Nobody)) {
        holds(contracts, &steps);
    }

    #[test]
    fn a_change_that_is_cancelled_leaves_nothing_to_be_confirmed(contracts in 0..7_usize, steps in schedule(By::Cancelling)) {
        holds(contracts, &steps);
    }

    #[test]
    fn operators_who_pause_and_end_batches_leave_nothing_without_a_watch(contracts in 0..7_usize, steps in schedule(By::Meddling)) {
        holds(contracts, &steps);
    }
}
