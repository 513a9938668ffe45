//! A log, a recorder of commands, and a worker that hosts the probe, in a namespace of their own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use process_manager::{instance::InstanceView, manager::ProcessManager};
use process_manager_client::{feed::MemoryLog, http::Envelope};
use process_manager_engine::subscription::SubscriptionState;
use process_manager_host::{
    DispatchError, Dispatcher, Hosting, Manager,
    connect::TemporalConfig,
    dev_server::{DevServer, DevServerConfig},
    instance,
    subscription::subscription_state,
    testing::{TestServer, TestWorker},
    wait_until_handled,
};
use process_manager_wire::{CloudEvent, Problem};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use test_support::{STALL, eventually, free_port, temporal_cli};
use uuid::Uuid;

use super::{
    probe::{Command, Event, Probe, Step},
    server,
};

/// A command, as it was dispatched.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) label: String,
    pub(super) envelope: Envelope,
    pub(super) took_effect: bool,
    pub(super) at: DateTime<Utc>,
}

/// Behaviour of the receiver of a command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Receiver {
    Accepts,
    Refuses,
    /// Answers with a fault.
    Faults,
    Panics,
    /// Takes it and never answers.
    Hangs,
}

/// Receives commands: answers as the test says, and lets each idempotency key take effect once.
#[derive(Clone, Default)]
pub(super) struct Recorder {
    sent: Arc<Mutex<Vec<Sent>>>,
    answers: Arc<Mutex<HashMap<String, Vec<Receiver>>>>,
    /// The detail of its refusals, if not the usual one.
    detail: Arc<Mutex<Option<String>>>,
}

impl Recorder {
    /// Sets the answers to the commands of this label, one after the other; the last answer is repeated.
    pub(super) fn answer(&self, label: &str, answers: &[Receiver]) {
        self.answers.lock().unwrap().insert(label.to_owned(), answers.to_vec());
    }

    /// Sets the detail of all refusals.
    pub(super) fn explain(&self, detail: String) {
        *self.detail.lock().unwrap() = Some(detail);
    }

    fn problem(&self) -> Problem {
        let detail = self.detail.lock().unwrap().clone();
        Problem { detail: detail.unwrap_or_else(|| problem().detail), ..problem() }
    }

    /// Returns everything that was dispatched, each attempt.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Returns the labels of everything that was dispatched, each attempt.
    pub(super) fn labels(&self) -> Vec<String> {
        self.sent().into_iter().map(|sent| sent.label).collect()
    }

    /// Returns the labels of the commands that took effect.
    pub(super) fn effects(&self) -> Vec<String> {
        self.sent().into_iter().filter(|sent| sent.took_effect).map(|sent| sent.label).collect()
    }

    fn take_answer(&self, label: &str) -> Receiver {
        let mut answers = self.answers.lock().unwrap();
        match answers.get_mut(label) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers.first().copied().unwrap_or(Receiver::Accepts),
            None => Receiver::Accepts,
        }
    }

    fn record(&self, label: &str, envelope: &Envelope, accepted: bool) {
        let mut sent = self.sent.lock().unwrap();
        let key = &envelope.idempotency_key;
        let is_new = !sent.iter().any(|earlier| earlier.took_effect && earlier.envelope.idempotency_key == *key);
        sent.push(Sent {
            label: label.to_owned(),
            envelope: envelope.clone(),
            took_effect: accepted && is_new,
            at: Utc::now(),
        });
    }
}

impl Dispatcher<Command> for Recorder {
    async fn dispatch(&self, command: &Command, envelope: &Envelope) -> Result<(), DispatchError> {
        let Command::Do { label } = command;
        let answer = self.take_answer(label);
        self.record(label, envelope, matches!(answer, Receiver::Accepts | Receiver::Hangs));
        match answer {
            Receiver::Accepts => Ok(()),
            Receiver::Refuses => Err(DispatchError::Refused(self.problem())),
            Receiver::Faults => Err(DispatchError::Fault("the test wants it".into())),
            Receiver::Panics => panic!("the dispatcher panics as it should"),
            Receiver::Hangs => std::future::pending().await,
        }
    }
}

fn problem() -> Problem {
    Problem {
        kind: String::new(),
        title: String::new(),
        status: 409,
        detail: "the test wants it".to_owned(),
        code: "refused-by-test".to_owned(),
    }
}

/// One scenario's world.
pub(super) struct World {
    pub(super) log: MemoryLog,
    pub(super) recorder: Recorder,
    pub(super) server: TestServer,
    pub(super) worker: Option<TestWorker>,
}

impl World {
    /// Creates a world with a worker that hosts [`Probe`].
    pub(super) async fn new() -> Self {
        let mut world = Self::without_worker().await;
        world.host::<Probe>().await;
        world
    }

    pub(super) async fn without_worker() -> Self {
        let server = server::namespace().await;
        Self { log: MemoryLog::default(), recorder: Recorder::default(), server, worker: None }
    }

    /// Creates a world on a server of its own with these settings; the server ends when the first part is dropped.
    pub(super) async fn limited(settings: &[impl AsRef<str>]) -> (DevServer, Self) {
        let mut config = DevServerConfig::new(temporal_cli(), free_port()).with_fresh_caches();
        config.dynamic_config.extend(settings.iter().map(|setting| setting.as_ref().to_owned()));
        let mut dev_server = DevServer::spawn(&config).unwrap();
        dev_server.ready().await.unwrap();
        let address = format!("http://{}", dev_server.address()).parse().unwrap();
        let server = TestServer::on(TemporalConfig::at(address, &config.namespace)).await.unwrap();
        (dev_server, Self { log: MemoryLog::default(), recorder: Recorder::default(), server, worker: None })
    }

    /// Hosts `M` in a new worker; the previous one is told to end.
    pub(super) async fn host<M: ProcessManager<Command = Command>>(&mut self) {
        self.host_all(|world, hosting| hosting.manager(Manager::<M>::new(world.log.clone(), world.recorder.clone())))
            .await;
    }

    pub(super) async fn host_all(&mut self, build: impl FnOnce(&Self, Hosting) -> Hosting) {
        self.worker = None;
        let worker = self.server.host(|hosting| build(self, hosting)).await.unwrap();
        self.worker = Some(worker);
    }

    /// Kills the worker, and hosts [`Probe`] in another one.
    pub(super) async fn restart(&mut self) {
        self.kill();
        self.host::<Probe>().await;
    }

    pub(super) fn kill(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.kill();
        }
    }

    /// Records an event in the log.
    pub(super) fn append(&self, step: Step) -> CloudEvent {
        self.log.append(&Event::Happened(step))
    }

    /// Records an event about this subject.
    pub(super) fn append_about(&self, subject: &str, step: Step) -> CloudEvent {
        let data = serde_json::to_value(step).unwrap();
        let id = Uuid::now_v7().to_string();
        self.log.append_raw(CloudEvent {
            specversion: "1.0".to_owned(),
            source: "/memory".to_owned(),
            kind: "Happened".to_owned(),
            subject: subject.to_owned(),
            time: Utc::now(),
            datacontenttype: "application/json".to_owned(),
            sequence: 0,
            correlationid: format!("correlation-of-{id}"),
            causationid: id.clone(),
            logid: String::new(),
            data,
            id,
        })
    }

    /// Waits until [`Probe`] has handled the event.
    pub(super) async fn handled(&self, event: &CloudEvent) {
        self.handled_by::<Probe>(event).await;
    }

    pub(super) async fn handled_by<M: ProcessManager>(&self, event: &CloudEvent) {
        wait_until_handled::<M>(self.server.client(), event, STALL).await.unwrap();
    }

    /// Returns how many timers of at least half a second a workflow's latest run has started. Timers of 5 s limit waits
    /// for an event to be handled.
    pub(super) async fn timers(&self, workflow_id: &str) -> usize {
        let history = server::history(self.server.client(), workflow_id).await;
        let started = history.into_iter().filter_map(|event| match event.attributes {
            Some(Attributes::TimerStartedEventAttributes(timer)) => timer.start_to_fire_timeout,
            _ => None,
        });
        started
            .map(|time| (time.seconds, time.nanos))
            .filter(|time| *time >= (0, 500_000_000) && *time != (5, 0))
            .count()
    }

    /// Returns the view of an instance of [`Probe`].
    pub(super) async fn view(&self, id: &str) -> Option<InstanceView> {
        self.view_of::<Probe>(id).await
    }

    pub(super) async fn view_of<M: ProcessManager>(&self, id: &str) -> Option<InstanceView> {
        eventually("the instance answers", async || instance::<M>(self.server.client(), id).await).await
    }

    /// Returns the events that the instance has applied; `None` if it has no state.
    pub(super) async fn applied(&self, id: &str) -> Option<Vec<String>> {
        applied(&self.view(id).await?)
    }

    /// Waits until the instance is as the test expects.
    pub(super) async fn until(&self, id: &str, what: &str, is_so: impl Fn(&InstanceView) -> bool) -> InstanceView {
        eventually(what, async || match self.view(id).await {
            Some(view) if is_so(&view) => Ok(view),
            other => Err(other),
        })
        .await
    }

    /// Returns the state of [`Probe`]'s subscription.
    pub(super) async fn subscription(&self) -> SubscriptionState {
        self.subscription_of::<Probe>().await
    }

    pub(super) async fn subscription_of<M: ProcessManager>(&self) -> SubscriptionState {
        let state = async || subscription_state(self.server.client(), M::NAME).await;
        eventually("the subscription answers", state).await
    }

    /// Signals a workflow, such as `Probe-a` or `subscription-Probe`.
    pub(super) async fn signal(&self, workflow_id: &str, name: &str, payload: Option<serde_json::Value>) {
        server::signal(self.server.client(), workflow_id, name, payload).await;
    }

    pub(super) async fn subscription_until(
        &self,
        what: &str,
        is_so: impl Fn(&SubscriptionState) -> bool,
    ) -> SubscriptionState {
        eventually(what, async || {
            let state = self.subscription().await;
            if is_so(&state) { Ok(state) } else { Err(state) }
        })
        .await
    }
}

/// Returns the events that an instance has applied; `None` if it has no state.
pub(super) fn applied(view: &InstanceView) -> Option<Vec<String>> {
    serde_json::from_value(view.state.get("applied")?.clone()).ok()
}
