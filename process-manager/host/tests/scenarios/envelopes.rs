//! X08, X09 and H12: the test kit without a server, settings for one command alone, and instances with nothing to do.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use process_manager::{
    manager::{Commands, Context, Metadata, Options, Outgoing, ProcessManager, Retry, Route},
    testing::given,
};
use serde::{Deserialize, Serialize};
use test_support::{eventually, eventually_eq};

use super::{
    probe::{Answer, Command, Event, Probe, Step},
    world::{Receiver, World},
};

/// Sets everything that can be set for a command, by the command's label.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Enveloped {
    first_at: Option<DateTime<Utc>>,
}

impl ProcessManager for Enveloped {
    const NAME: &'static str = "Enveloped";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(Event::Happened(step): &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start_each(&step.ids))
    }

    fn handle(&self, Event::Happened(step): &Event, context: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        let outgoing = |label: &String| {
            let outgoing = Outgoing::new(Command::Do { label: label.clone() });
            match label.as_str() {
                "own-key" => outgoing.idempotency_key(format!("{}-key", context.process_id())),
                "tagged" => outgoing.metadata("x-tenant", "blue").metadata("x-cause", &context.metadata().id),
                "short" => outgoing.timeout(Duration::from_secs(4)).retry(Retry::NEVER),
                "thrice" => {
                    outgoing.retry(Retry::attempts(3).pauses(Duration::from_millis(10), Duration::from_millis(20)))
                }
                _ => outgoing,
            }
        };
        Ok(step.commands.iter().map(outgoing).collect())
    }

    fn apply(&mut self, _: &Event, context: &Context<'_>) -> Result<(), Infallible> {
        self.first_at = self.first_at.or(Some(context.now()));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn x09_metadata_timeout_retry_policy_and_key_are_set_for_one_command_alone() {
    let mut world = World::without_worker().await;
    world.host::<Enveloped>().await;
    world.recorder.answer("short", &[Receiver::Hangs]);
    world.recorder.answer("thrice", &[Receiver::Faults]);
    let event = world.append(Step::start("a", "one").commands(&["own-key", "tagged", "plain"]));
    world.handled_by::<Enveloped>(&event).await;
    let sent = world.recorder.sent();
    let envelope = |label: &str| sent.iter().find(|it| it.label == label).unwrap().envelope.clone();
    assert_eq!(envelope("own-key").idempotency_key.as_deref(), Some("a-key"));
    let metadata = [("x-cause".to_owned(), event.id.clone()), ("x-tenant".to_owned(), "blue".to_owned())].into();
    assert_eq!(envelope("tagged").metadata, metadata);
    assert!(envelope("plain").metadata.is_empty());
    for (id, label, attempts) in [("b", "short", 1), ("c", "thrice", 3)] {
        world.append(Step::start(id, "one").commands(&[label]));
        let parked = async || world.view_of::<Enveloped>(id).await.and_then(|view| view.failure).ok_or(());
        assert_eq!(eventually("parked", parked).await.code, "not-dispatched");
        assert_eq!(world.recorder.labels().into_iter().filter(|it| it == label).count(), attempts, "{label}");
    }
}

#[test]
fn x08_a_process_manager_is_tested_without_a_server_with_clock_and_identity_given() {
    let at = "2026-11-22T18:00:00Z".parse().unwrap();
    let happened = |step: Step| Event::Happened(step);
    let command = |label: &str| Command::Do { label: label.to_owned() };
    given::<Enveloped>([happened(Step::start("a", "one")), happened(Step::start("b", "other"))])
        .instance("b")
        .at(at)
        .when(happened(Step::start("b", "two").commands(&["x", "y"])))
        .then([command("x"), command("y")])
        .then_state(&Enveloped { first_at: Some(at) })
        .then_waits();
    let answers = [Answer::RetryAfter(60_000), Answer::Continue(vec!["instead".to_owned()])];
    given::<Probe>([])
        .refusing("no", |Command::Do { label }| label == "bad")
        .when(happened(Step::start("a", "one").commands(&["bad", "pending"]).on_error(&answers)))
        .then([command("bad"), command("bad"), command("instead")])
        .then_waited([Duration::from_secs(60)])
        .then_waits();
    given::<Probe>([]).when(happened(Step { route: None, ..Step::default() })).then_no_command().then_passed_over();
}

static LIVE: AtomicUsize = AtomicUsize::new(0);
/// How many states there have ever been.
static EVER: AtomicUsize = AtomicUsize::new(0);

/// A state that counts how many of its kind are in memory.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Idle {
    names: Vec<String>,
    #[serde(skip)]
    _counted: Counted,
}

#[derive(Debug)]
struct Counted(());

impl Default for Counted {
    fn default() -> Self {
        LIVE.fetch_add(1, Ordering::SeqCst);
        EVER.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ProcessManager for Idle {
    const NAME: &'static str = "Idle";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn options() -> Options {
        Options::default().idle_timeout(Duration::from_secs(1))
    }

    fn route(Event::Happened(step): &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start_each(&step.ids))
    }

    fn handle(&self, _: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(Commands::none())
    }

    fn apply(&mut self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<(), Infallible> {
        self.names.push(step.name.clone());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h12_an_idle_instance_leaves_the_memory_and_its_next_event_finds_its_state() {
    let mut world = World::without_worker().await;
    world.host::<Idle>().await;
    let first = world.append(Step::start("a", "one"));
    world.handled_by::<Idle>(&first).await;
    assert!(EVER.load(Ordering::SeqCst) > 0, "it was in memory while it had something to do");
    eventually_eq("nothing of it is in memory", 0, async || LIVE.load(Ordering::SeqCst)).await;
    let second = world.append(Step::start("a", "two"));
    world.handled_by::<Idle>(&second).await;
    let view = world.view_of::<Idle>("a").await.unwrap();
    assert_eq!(view.state, serde_json::json!({"names": ["one", "two"]}));
}
