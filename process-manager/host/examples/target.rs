//! Events start a hand-written workflow.
//!
//! Choose this if the next step depends on the answer to a command: a process manager learns only whether a command was
//! accepted. The library still provides the routing, the subscription and the durable sending of commands.
//!
//! ```sh
//! cargo run -p process-manager-host --features testing --example target
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its steps")]

use std::{convert::Infallible, sync::Arc};

use anyhow::Context as _;
use process_manager::{
    instance::Delivery,
    manager::{Metadata, Refusal, Route, Routing},
};
use process_manager_client::feed::MemoryLog;
use process_manager_engine::{
    failed, outcome,
    publish::publish,
    send::{Sender, send_until_answered},
};
use process_manager_host::{
    DeliveryError, DeliveryTarget, Hosting,
    start::{ProcessStart, start_process},
    subscription::HandlerError,
    testing::{TASK_QUEUE, TestServer},
};
use serde::{Deserialize, Serialize};
use temporalio_client::Client;
use temporalio_common::search_attributes::SearchAttributes;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    CustomerRegistered { name: String },
}

/// Only the routing: which event goes to which workflow.
struct Registrations;

impl Routing for Registrations {
    const NAME: &'static str = "onboarding";
    type Event = Event;
    type Error = Infallible;

    fn route(Event::CustomerRegistered { name }: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start(name))
    }
}

/// Starts a workflow for each id that events are routed to.
struct StartOnboarding(Client);

impl DeliveryTarget for StartOnboarding {
    // A redelivery after a crash starts nothing twice: `start_process` starts one workflow for each workflow id.
    async fn deliver(&self, id: &str, _events: &[Delivery]) -> Result<(), DeliveryError> {
        let start = ProcessStart {
            workflow_id: format!("onboarding-{id}"),
            task_queue: TASK_QUEUE.to_owned(),
            summary: format!("Onboarding of {id}"),
            search_attributes: SearchAttributes::default(),
        };
        let started = start_process(&self.0, &Onboarding::run, &id.to_owned(), start).await;
        // A fault is retried.
        started.map_err(|error| HandlerError::new(format!("the onboarding of {id} cannot be started"), error))?;
        Ok(())
    }
}

/// The workflow. Temporal keeps its progress: it continues where it was if a worker dies.
#[workflow]
struct Onboarding {
    customer: String,
    step: &'static str,
}

#[workflow_methods]
impl Onboarding {
    #[init]
    fn new(_ctx: &WorkflowContextView, customer: String) -> Self {
        Self { customer, step: "score" }
    }

    #[run]
    async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let customer = ctx.state(|run| run.customer.clone());
        // Faults are retried without end; a refusal is an answer.
        let score = send_until_answered(ctx, || Office::score, customer.clone(), "Score".to_owned()).await?;
        let letter = match score {
            Ok(score) if score > 50 => format!("Dear {customer}, you have a credit of {}.", score * 10),
            Ok(_) => format!("Dear {customer}, welcome."),
            Err(refusal) => format!("Dear {customer}, sorry: {}.", refusal.detail),
        };
        ctx.state_mut(|run| run.step = "send-letter");
        let sent = send_until_answered(ctx, || Office::send_letter, letter, "SendLetter".to_owned()).await?;
        sent.map_err(|refusal| failed("LetterRefused", refusal.to_string()))
    }
}

impl Sender for Onboarding {
    // The office would refuse the same command again, so the refusal need not be recorded first.
    const RECORDS_REFUSALS: bool = false;

    fn publish(ctx: &WorkflowContext<Self>) {
        let step = ctx.state(|run| run.step);
        publish(ctx, Vec::new(), format!("**{step}**"), step);
    }

    fn stalled(&mut self, _detail: String, _at: chrono::DateTime<chrono::Utc>) {
        self.step = "stalled";
    }
}

/// The receiver of the commands; a real one sends HTTP requests.
struct Office {
    letters: UnboundedSender<String>,
}

#[activities]
impl Office {
    #[activity]
    async fn score(self: Arc<Self>, _ctx: ActivityContext, customer: String) -> Result<u32, ActivityError> {
        match customer.as_str() {
            "Ada" => Ok(90),
            "Bob" => Ok(20),
            _ => {
                let refusal = Refusal { code: "unknown-customer".to_owned(), detail: "we do not know you".to_owned() };
                Err(ActivityError::application(outcome::refused(refusal)))
            }
        }
    }

    #[activity]
    async fn send_letter(self: Arc<Self>, _ctx: ActivityContext, letter: String) -> Result<(), ActivityError> {
        let sent = self.letters.send(letter);
        sent.map_err(|closed| ActivityError::application(outcome::fault(closed.to_string())))
    }
}

pub(crate) async fn run(server: &TestServer) -> anyhow::Result<()> {
    let (log, target) = (MemoryLog::default(), StartOnboarding(server.client().clone()));
    let (letters, mut sent) = unbounded_channel();
    let routed = |hosting: Hosting| hosting.routed::<Registrations>(Registrations::NAME, log.clone(), target);
    let _worker =
        server.host(|hosting| routed(hosting).workflow::<Onboarding>().activities(Office { letters })).await?;

    for (name, expected) in [
        ("Ada", "Dear Ada, you have a credit of 900."),
        ("Bob", "Dear Bob, welcome."),
        ("Eve", "Dear Eve, sorry: we do not know you."),
    ] {
        log.append(&Event::CustomerRegistered { name: name.to_owned() });
        let letter = sent.recv().await.context("the office is closed")?;
        println!("{letter}");
        assert_eq!(letter, expected);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&TestServer::start().await?).await
}
