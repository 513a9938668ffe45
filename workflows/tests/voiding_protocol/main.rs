//! The protocol of the voiding as a model. The test visits every state that the protocol can reach, within bounds.
//!
//! The process is the workflow's own state machine. Billing, Reports, Temporal and the subscription are small models of
//! the code that [`billing`], [`reports`] and [`world`] name. A command may be lost, come late and come again, any
//! number of times; a worker may die at any moment. Without any one of its [rules](rules::Rule) the protocol breaks,
//! and each ablation says what breaks. One thread visits the states in one order, so a verdict depends on no clock.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod billing;
mod machine;
mod properties;
mod protocol;
mod reports;
mod rules;
mod step;
mod world;

use std::{collections::BTreeSet, sync::LazyLock};

use stateright::{Checker, HasDiscoveries, Model};

use self::{
    machine::Machine,
    properties::{
        ACKNOWLEDGED, COMPENSATED, DIED, FAILED, IN_THE_WAY, JOINED, LATE, LATER, RULES, V1, V2, V2B, V3, V4, V6,
        VOIDED, WHOLE,
    },
    protocol::Protocol,
    rules::{Rule, Rules},
};

static MACHINE: LazyLock<Machine> = LazyLock::new(Machine::new);

/// Two clients request the voiding; operators terminate runs, and the first process is refused without a rule.
fn two_requests() -> Protocol {
    Protocol {
        machine: &MACHINE,
        rules: Rules::ALL,
        clients: 2,
        asks: false,
        terminates: true,
        by_hand: false,
        stalls: 0,
        refusals: 1,
        troubled: 1,
    }
}

/// Somebody aborts and closes the first process in Billing.
fn by_hand() -> Protocol {
    Protocol { by_hand: true, terminates: false, refusals: 0, ..two_requests() }
}

/// An operator starts a run with the document alone, and a client requests the voiding too.
fn asked() -> Protocol {
    Protocol { clients: 1, asks: true, ..two_requests() }
}

/// The commands of one process stall, and are refused twice.
fn troubled() -> Protocol {
    Protocol { clients: 1, stalls: 1, refusals: 2, ..two_requests() }
}

/// Only the subscription starts what the api has not started.
fn without_sweep() -> Protocol {
    Protocol { clients: 1, terminates: false, rules: Rules::ALL.without(Rule::Sweep), ..two_requests() }
}

/// Visits every state. All rules hold, and these states are reached.
fn holds(protocol: Protocol, reached: &[&str]) {
    let found = explore(protocol, HasDiscoveries::AnyFailures);
    assert_eq!(found.iter().filter(|name| RULES.contains(name)).collect::<Vec<_>>(), [&""; 0]);
    for name in reached {
        assert!(found.contains(name), "not reached: {name}");
    }
}

/// Checks that without this rule these properties fail and no others do.
fn breaks(protocol: Protocol, rule: Rule, broken: &[&'static str]) {
    let broken = BTreeSet::from_iter(broken.iter().copied());
    let without = Protocol { rules: protocol.rules.without(rule), ..protocol };
    let mut found = explore(without, HasDiscoveries::AllOf(broken.clone()));
    // Without a rule, something may go on for ever.
    found.remove(WHOLE);
    assert_eq!(found, broken, "without {rule:?}");
}

/// Returns the discovered properties: rules that fail, and states that are reached.
#[expect(clippy::print_stdout, reason = "a test tells how many states it has looked at, and the way to a broken rule")]
fn explore(protocol: Protocol, until: HasDiscoveries) -> BTreeSet<&'static str> {
    let checker = protocol.checker().threads(1).finish_when(until).spawn_bfs().join();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    println!("{states} states, {steps} steps, {} deep", checker.max_depth());
    let found = checker.discoveries();
    for (name, path) in found.iter().filter(|(name, _)| RULES.contains(name)) {
        println!("{name}\n  {:?}", path.clone().into_actions());
    }
    found.into_keys().collect()
}

#[test]
fn two_requests_of_a_document_hold_the_rules() {
    holds(two_requests(), &[VOIDED, FAILED, ACKNOWLEDGED, LATER, JOINED, COMPENSATED, IN_THE_WAY, LATE, DIED]);
}

#[test]
fn a_process_that_is_ended_by_hand_holds_the_rules() {
    holds(by_hand(), &[VOIDED, FAILED, ACKNOWLEDGED, LATER, IN_THE_WAY, COMPENSATED]);
}

#[test]
fn a_run_that_is_started_with_the_document_alone_holds_the_rules() {
    holds(asked(), &[VOIDED, FAILED, ACKNOWLEDGED, LATER, IN_THE_WAY, COMPENSATED]);
}

#[test]
fn commands_that_are_stalled_and_refused_again_hold_the_rules() {
    holds(troubled(), &[VOIDED, FAILED, ACKNOWLEDGED, COMPENSATED, LATE, DIED]);
}

#[test]
fn the_subscription_alone_holds_the_rules_while_no_run_is_terminated() {
    holds(without_sweep(), &[]);
}

#[test]
#[ignore = "half a million states, for a change of the protocol"]
fn wider_bounds_hold_the_rules() {
    for protocol in [two_requests(), by_hand(), asked()] {
        holds(Protocol { refusals: 2, troubled: 3, ..protocol }, &[]);
    }
    holds(Protocol { asks: true, refusals: 0, ..two_requests() }, &[JOINED]);
}

/// A limit that OPERATIONS.md describes: nobody takes the mark back any more.
#[test]
fn a_run_that_is_terminated_after_its_process_was_closed_by_hand_leaves_its_mark() {
    let protocol = Protocol { terminates: true, ..by_hand() };
    let found = explore(protocol, HasDiscoveries::AnyFailures);
    assert_eq!(found.iter().filter(|name| RULES.contains(name)).collect::<Vec<_>>(), [&V2B]);
}

/// Declares a test for each rule: the world in which it is left out, and what breaks.
macro_rules! ablations {
    ($($name:ident: $world:ident, $rule:ident => $broken:expr;)*) => {
        mod without {
            use super::*;

            $(#[test]
            fn $name() {
                breaks($world(), Rule::$rule, &$broken);
            })*
        }
    };
}

ablations! {
    one_run_per_document: two_requests, OneRunPerDocument => [V1];
    the_refusal_of_published_documents: two_requests, PublishedIsRefused => [V2, V2B];
    the_mark_before_the_completion: two_requests, MarkedBeforeCompletion => [V2, V2B];
    the_fence_of_an_abort: two_requests, AbortFences => [V2, V2B];
    unmark_in_the_compensation: two_requests, CompensationUnmarks => [V2B];
    unmark_after_a_closed_process: by_hand, ClosedUnmarks => [V2B];
    the_fence_before_unmark: two_requests, FenceBeforeUnmark => [V2, V2B];
    unmark_before_close: two_requests, CloseAfterUnmark => [V2B];
    the_answer_to_a_mark_that_is_there: two_requests, OwnMarkComesFirst => [V2B];
    the_bar_after_unmark: two_requests, UnmarkedIsBarred => [V2B, V4];
    unmark_of_the_own_mark_alone: two_requests, OwnMarkOnly => [V2B];
    the_count_in_the_next_report: two_requests, CountsInNext => [V2B];
    the_end_of_a_voided_document: two_requests, VoidedIsFinal => [V2B];
    refusals_of_reports_alone: two_requests, ReportsAloneRefuses => [V2B];
    one_open_process: two_requests, OneOpenProcess => [V3];
    an_open_process_after_the_abort: two_requests, AbortedStaysOpen => [V2B, V3];
    the_wait_for_an_acknowledgement: two_requests, FailureWaits => [V3];
    a_failed_run_after_the_acknowledgement: two_requests, AcknowledgedFails => [V3];
    the_end_of_a_run_whose_process_is_closed: two_requests, ClosedEnds => [V3];
    the_recheck_of_a_run_in_the_way: two_requests, Recheck => [V3];
    the_sweep: two_requests, Sweep => [V3];
    the_subscription: without_sweep, Subscription => [V3];
    the_event_in_the_transaction_of_the_effect: without_sweep, EventWithEffect => [V3];
    the_position_after_the_delivery: without_sweep, PositionAfterDelivery => [V3];
    the_key_of_a_request: two_requests, RequestedOnce => [V4];
    one_mark_for_a_repeated_command: two_requests, MarkedOnce => [V4];
    one_end_for_a_repeated_command: two_requests, EndedOnce => [V4];
    the_name_of_the_failure: two_requests, FailureIsNamed => [V6];
    the_loss_of_an_early_acknowledgement: two_requests, EarlyIsDropped => [V6];
}
