//! X14: instances that need attention are found by what the attention is about.

use std::convert::Infallible;

use chrono::DateTime;
use process_manager::{
    instance::Status,
    manager::{Attention, Commands, Context, Metadata, ProcessManager, Route},
};
use process_manager_host::operator::{InstanceFilter, InstanceStatus, Instances, Operator, Trouble};
use serde::{Deserialize, Serialize};
use test_support::eventually;

use super::{
    probe::Command,
    world::{Receiver, World},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    /// An operator is needed, about this.
    Needed(Option<String>),
    Sent(String),
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Watch {
    about: Option<String>,
}

impl ProcessManager for Watch {
    const NAME: &'static str = "Watch";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(_: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start("a"))
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(match event {
            Event::Sent(label) => Command::Do { label: label.clone() }.into(),
            Event::Needed(_) => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        if let Event::Needed(about) = event {
            self.about.clone_from(about);
        }
        Ok(())
    }

    fn attention(&self, _: u32) -> Option<Attention> {
        let about = self.about.as_ref()?;
        Some(Attention::new("needed", "as the test wants it", DateTime::UNIX_EPOCH).about(about))
    }
}

fn about(subject: &str) -> InstanceFilter {
    let (is_running, trouble, subject) = (Some(true), Some(Trouble::NeedsAttention), Some(subject.to_owned()));
    InstanceFilter { is_running, trouble, subject, ..InstanceFilter::default() }
}

/// Waits until this many are about Ann, and this many about Ben.
async fn counted(watches: &Instances, what: &str, expected: (i64, i64)) {
    eventually(what, async || {
        let counts = (watches.count(&about("ann")).await.unwrap(), watches.count(&about("ben")).await.unwrap());
        if counts == expected { Ok(()) } else { Err(counts) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x14_what_needs_attention_is_counted_by_what_it_is_about_in_each_run() {
    let mut world = World::without_worker().await;
    world.host::<Watch>().await;
    let watches = Operator::new(world.server.client().clone()).instances_of("Watch");
    world.log.append(&Event::Needed(Some("ann".to_owned())));
    counted(&watches, "Ann", (1, 0)).await;
    world.log.append(&Event::Needed(Some("ben".to_owned())));
    counted(&watches, "Ben, while attention is needed all the time", (0, 1)).await;

    // A parked instance waits in a run of its own, and after the retry in yet another one.
    world.recorder.answer("bad", &[Receiver::Refuses, Receiver::Accepts]);
    let sent = world.log.append(&Event::Sent("bad".to_owned()));
    eventually("the parked one is listed", async || {
        let listed = watches.newest(&about("ben"), 10).await.unwrap();
        let statuses: Vec<_> = listed.iter().map(|instance| instance.status).collect();
        if statuses == [InstanceStatus::Parked] { Ok(()) } else { Err(statuses) }
    })
    .await;
    world.signal("Watch-a", "retry", None).await;
    world.handled_by::<Watch>(&sent).await;
    assert_eq!(world.view_of::<Watch>("a").await.unwrap().status, Status::Waiting);
    counted(&watches, "Ben, in the run that follows", (0, 1)).await;

    world.log.append(&Event::Needed(None));
    counted(&watches, "nobody", (0, 0)).await;
}
