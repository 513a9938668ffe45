//! What an exploration tries: each row names something that happens, and a step without which it cannot happen.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::{convert::Infallible, time::Duration};

use process_manager::{
    instance::InstanceView,
    manager::{
        Commands, Context, Error, Failure, Metadata, OnError, Options, Outgoing, ProcessManager, Refusal, Retry, Route,
    },
    testing::{Exploration, Finding, Seen, explore},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Placed,
    Paid,
    /// Goes to an existing order.
    Returned,
    Checked(bool),
    Cancel,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Check,
    Ship,
    Apologize,
    Remind,
}

/// The events that it has seen. With a time limit, an event is handled in 30 s.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Order<const HAS_LIMIT: bool>(Vec<String>);

impl<const HAS_LIMIT: bool> ProcessManager for Order<HAS_LIMIT> {
    const NAME: &'static str = "Order";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn options() -> Options {
        if HAS_LIMIT { Options::default().event_timeout(Duration::from_secs(30)) } else { Options::default() }
    }

    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(if *event == Event::Returned { Route::proceed_strict("O") } else { Route::start("O") })
    }

    fn is_question(command: &Command) -> bool {
        *command == Command::Check
    }

    fn is_instruction(event: &Event) -> bool {
        *event == Event::Cancel
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(match event {
            Event::Placed => Commands::from(Command::Check).set_timer("unpaid", Duration::from_secs(60)),
            Event::Paid => {
                Commands::from(Outgoing::new(Command::Ship).retry(Retry::attempts(2))).cancel_timer("unpaid")
            }
            _ => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, context: &Context<'_>) -> Result<(), Infallible> {
        let is_checked = *event == Event::Checked(true);
        self.0.push(if is_checked { "Checked".to_owned() } else { context.metadata().kind.clone() });
        Ok(())
    }

    fn handle_timer(&self, _: &str, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(Command::Remind.into())
    }

    fn apply_timer(&mut self, timer: &str, context: &Context<'_>) -> Result<(), Infallible> {
        let is_late = context.now() > context.metadata().time;
        self.0.push(format!("{timer}{}", if is_late { ", late" } else { "" }));
        Ok(())
    }

    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        match &failure {
            Failure::Command(failed) if matches!(failure.context().error, Error::Dispatch(_)) => {
                failed.continue_with(Command::Apologize)
            }
            _ => failure.stop(),
        }
    }
}

/// The commands in the order in which they took effect.
type Done = Vec<String>;
type Sees<const HAS_LIMIT: bool> = fn(&Seen<'_, Order<HAS_LIMIT>, Done>) -> bool;

fn carry_out(done: &mut Done, command: &Command) -> Result<Vec<Event>, Refusal> {
    done.push(format!("{command:?}"));
    Ok(if *command == Command::Check { vec![Event::Checked(true)] } else { Vec::new() })
}

fn order<const HAS_LIMIT: bool>() -> Exploration<Order<HAS_LIMIT>, Done> {
    explore::<Order<HAS_LIMIT>>()
        .services(Done::new(), carry_out)
        .events([Event::Placed])
        .events([Event::Paid])
        .metadata(|event, metadata| metadata.log = if *event == Event::Placed { "shop" } else { "bank" }.to_owned())
        .may_refuse("out-of-stock", |command| *command == Command::Ship)
        .may_repeat(|event| *event == Event::Paid)
        .instructions([Event::Cancel])
        .troubles(1)
        .decisions(1)
}

fn view<const HAS_LIMIT: bool>(seen: &Seen<'_, Order<HAS_LIMIT>, Done>) -> Option<InstanceView> {
    seen.instance("O")
}

fn has_seen<const HAS_LIMIT: bool>(seen: &Seen<'_, Order<HAS_LIMIT>, Done>, what: &[&str]) -> bool {
    view(seen).is_some_and(|view| view.state == json!(what))
}

/// Returns the shortest way to a state in which this is true.
fn way<const HAS_LIMIT: bool>(order: Exploration<Order<HAS_LIMIT>, Done>, to: Sees<HAS_LIMIT>) -> Finding {
    *order.states(20_000).always("it does not come to this", move |seen| !to(seen)).run().unwrap_err()
}

fn has_failed_with<const HAS_LIMIT: bool>(seen: &Seen<'_, Order<HAS_LIMIT>, Done>, code: &str) -> bool {
    view(seen).and_then(|view| view.failure).is_some_and(|failure| failure.code == code)
}

#[test]
fn all_that_can_get_in_the_way_is_tried() {
    let rows: [(Sees<false>, &str); 11] = [
        (|seen| has_seen(seen, &["Paid", "Placed", "Checked"]), "Paid (1 of bank) reaches O"),
        (|seen| has_seen(seen, &["Placed", "Checked", "unpaid"]), "60 s pass, and what is due is done"),
        (|seen| has_seen(seen, &["Placed", "Checked", "unpaid, late"]), "3660 s pass while the workers are away"),
        (|seen| has_seen(seen, &["Paid", "Paid"]), "Paid is recorded a second time"),
        (|seen| has_seen(seen, &["Paid", "Cancel"]), "an operator instructs O: Some(Cancel)"),
        (
            |seen| seen.services() == &["Ship"] && view(seen).unwrap().pending_commands == ["Ship"],
            "O sends Ship: carried out, and the answer is lost",
        ),
        (|seen| seen.services() == &["Apologize", "Ship"], "Ship arrives that was given up"),
        (|seen| view(seen).is_some_and(|view| view.stalled.is_some()), "O sends Check: its receiver stays away"),
        (|seen| has_failed_with(seen, "out-of-stock"), "O sends Ship: refused, out-of-stock"),
        (|seen| has_failed_with(seen, "ended-from-outside"), "the run of O is terminated"),
        (|seen| seen.is_given_up("O") && seen.has_ended("O"), "an operator acknowledges the failure of O"),
    ];
    for (to, step) in rows {
        let finding = way(order(), to);
        assert!(finding.steps.iter().any(|it| it == step), "{step} is no step of:\n{finding}");
    }
}

#[test]
fn what_had_failed_goes_on_when_an_operator_retries() {
    let order = explore::<Order<false>>()
        .services(Done::new(), |done, command| match done.is_empty() {
            true => Err(Refusal { code: "out-of-stock".to_owned(), detail: "nothing is there".to_owned() }),
            false => carry_out(done, command),
        })
        .events([Event::Paid])
        .happening("something comes into stock", |done| {
            done.push("Stocked".to_owned());
            Vec::new()
        })
        .troubles(0);
    let finding = way(order, |seen| has_seen(seen, &["Paid"]) && !seen.is_undisturbed());
    let steps = [
        "Paid is recorded",
        "Paid (1 of test) reaches O",
        "O sends Ship: refused, out-of-stock",
        "something comes into stock",
        "an operator retries O",
        "O sends Ship: accepted",
    ];
    assert_eq!(finding.steps, steps);
    assert!(finding.tests[0].contains(".then_parked(\"out-of-stock\")\n        .retry()\n"), "{finding}");
}

#[test]
fn an_event_that_takes_too_long_is_given_up_at_its_deadline() {
    let finding = way(order::<true>(), |seen| has_failed_with(seen, "timeout"));
    assert!(finding.steps.last().unwrap().contains("given up"), "{finding}");
    assert!(finding.tests[0].contains(".answers([timed_out()])"), "{finding}");
}

#[test]
fn a_subscription_stops_visibly_and_goes_on_when_it_is_resumed() {
    let strict = || {
        explore::<Order<false>>()
            .services(Done::new(), carry_out)
            .events([Event::Placed])
            .events([Event::Returned])
            .metadata(|event, metadata| metadata.log = format!("{event:?}").to_lowercase())
            .troubles(0)
    };
    let stopped = way(strict(), |seen| view(seen).is_none() && seen.waits_visibly("O"));
    assert_eq!(stopped.steps, ["Returned is recorded", "Returned (1 of returned) reaches O"]);
    let resumed = way(strict(), |seen| !seen.is_undisturbed() && has_seen(seen, &["Placed", "Checked", "Returned"]));
    assert!(resumed.steps.iter().any(|step| step == "an operator resumes the subscription of returned"), "{resumed}");
}

#[test]
fn a_test_shows_time_and_answers_to_questions() {
    let finding = way(order::<false>(), |seen| has_seen(seen, &["Placed", "Checked", "unpaid"]));
    let test = &finding.tests[0];
    let expected = r#"    given::<Order<false>>([])
        .answering_questions(move |_| event(json!({"type": "Checked", "data": true})))
        .when(event(json!({"type": "Placed"})))
        .then([command(json!({"type": "Check"}))])
        .then_waits()
        .advance(Duration::from_millis(60000))
        .then([command(json!({"type": "Remind"}))])
        .then_waits();
    // This does not hold: it does not come to this
"#;
    assert!(test.contains(expected), "{test}");
    assert!(test.starts_with("#[test]\nfn it_does_not_come_to_this_o() {\n"), "{test}");
}

#[test]
fn a_panic_of_the_services_or_of_an_invariant_has_its_trace() {
    let finding = explore::<Order<false>>()
        .services(Done::new(), |_, command| panic!("nobody knows {command:?}"))
        .events([Event::Paid])
        .run()
        .unwrap_err();
    assert_eq!(finding.what, "nobody knows Ship");
    assert_eq!(finding.steps, ["Paid is recorded", "Paid (1 of test) reaches O", "O sends Ship"]);
    let checked = order::<false>().always("it can be seen", |seen| seen.instance("O").unwrap().queued_events < 9);
    assert!(checked.run().unwrap_err().steps.is_empty());
}

#[test]
fn limits_end_an_exploration_which_then_tells_so() {
    let all = order::<false>().troubles(0).decisions(0).check();
    assert!(all.is_complete && all.states > 20 && all.at_rest > 3, "{all:?}");
    let some = order::<false>().states(50).check();
    assert!(!some.is_complete && some.states >= 50, "{some:?}");
    let shallow = order::<false>().depth(2).check();
    assert!(!shallow.is_complete && shallow.depth == 2, "{shallow:?}");
}

#[test]
#[should_panic(expected = "this does not hold: nothing happens")]
fn what_does_not_hold_fails_the_test() {
    order::<false>().always("nothing happens", |seen| seen.instances().is_empty()).check();
}
