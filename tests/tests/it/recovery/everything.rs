//! Temporal, Billing, Reports, worker and api end in the middle of open processes, and are restarted on their data.

use std::collections::BTreeMap;

use messages::{DocumentId, voiding::VoidingState};
use tests::voiding::{ACKNOWLEDGED, CLOSE, COMPENSATED, COMPLETE, MARK, VOIDED};
use tests::{Component, Env, Fault, Link, binaries, eventually_eq, workflow_id};

/// In the order in which an operator would end them.
const ALL: [Component; 5] =
    [Component::Api, Component::Worker, Component::Reports, Component::Billing, Component::Temporal];

#[tokio::test]
async fn all_programs_stopped_in_the_middle_of_open_processes_go_on_with_the_same_data() {
    let env = &Env::builder(binaries!()).own_temporal().start().await;
    let open = Open::new(env).await;
    for component in ALL {
        env.stop(component).await;
    }
    for component in ALL.into_iter().rev() {
        env.start(component).await;
    }
    open.go_on(env).await;
}

#[tokio::test]
async fn all_programs_killed_in_the_middle_of_open_processes_go_on_with_the_same_data() {
    let env = &Env::builder(binaries!()).own_temporal().start().await;
    let open = Open::new(env).await;
    // Temporal first: the others see it vanish.
    for component in ALL.into_iter().rev() {
        env.kill(component).await;
    }
    for component in ALL.into_iter().rev() {
        env.start(component).await;
    }
    open.go_on(env).await;
}

/// Processes in every state that can last for a while.
struct Open {
    voided: DocumentId,
    /// Billing has accepted the request; no worker runs that could start the process.
    requested: DocumentId,
    marking: DocumentId,
    completing: DocumentId,
    waiting: DocumentId,
    closing: DocumentId,
    refused_to_retry: DocumentId,
    refused_to_acknowledge: DocumentId,
    processes: BTreeMap<DocumentId, String>,
}

impl Open {
    async fn new(env: &Env) -> Self {
        let issue = async || env.issue_reported().await.document_id;
        let mut open = Self {
            voided: issue().await,
            requested: issue().await,
            marking: issue().await,
            completing: issue().await,
            waiting: env.refused_marking().await.0.document_id,
            closing: env.refused_marking().await.0.document_id,
            refused_to_retry: refused(env).await,
            refused_to_acknowledge: refused(env).await,
            processes: BTreeMap::new(),
        };
        let _ = env.api().post_voiding_to_its_end(&open.voided).await.ok_as(200);
        env.proxy(Link::WorkerToReports).about(&open.marking).fault(MARK, Fault::status(500));
        env.proxy(Link::WorkerToBilling).about(&open.completing).fault(COMPLETE, Fault::LoseAnswer);
        env.proxy(Link::WorkerToBilling).about(&open.closing).fault(CLOSE, Fault::Hang);
        for id in [&open.marking, &open.completing] {
            let _ = env.api().post_voiding(id).await.ok_as(202);
        }
        let _ = env.acknowledge(&open.closing).await.ok_as(202);
        for id in [&open.marking, &open.completing] {
            env.until(id, "an incident", |voiding| voiding.incident.is_some()).await;
        }
        env.kill(Component::Worker).await;
        let _ = env.billing().void(&open.requested).await.ok_as(202);
        env.start(Component::Worker).await;
        open.processes = open.seen(env).await;
        open
    }

    fn ids(&self) -> [&DocumentId; 7] {
        [
            &self.requested,
            &self.marking,
            &self.completing,
            &self.waiting,
            &self.closing,
            &self.refused_to_retry,
            &self.refused_to_acknowledge,
        ]
    }

    /// Returns each document's process, as the api knows it.
    async fn seen(&self, env: &Env) -> BTreeMap<DocumentId, String> {
        let mut seen = BTreeMap::new();
        for id in self.ids() {
            let process =
                env.until(id, "its process", |voiding| voiding.process_id.is_some()).await.process_id.unwrap();
            seen.insert(id.clone(), process.to_string());
        }
        seen
    }

    /// Checks V1 and V3: the processes are the same, and each of them ends or still waits for an operator.
    async fn go_on(&self, env: &Env) {
        for component in ALL {
            env.ready(component).await;
        }
        assert_eq!(self.seen(env).await, self.processes);
        env.in_state(&self.voided, VoidingState::DocumentVoided).await;
        env.in_state(&self.waiting, VoidingState::MarkingDocumentAsVoidedFailed).await;
        env.proxy(Link::WorkerToReports).heal();
        env.proxy(Link::WorkerToBilling).heal();
        env.refused(&self.refused_to_retry, "CompleteDocumentVoiding", "locked").await;
        let _ = env.acknowledge(&self.waiting).await.ok_as(202);
        let _ = env.acknowledge(&self.refused_to_acknowledge).await.ok_as(202);
        let _ = env.api().retry(&self.refused_to_retry).await.ok_as(202);
        for id in [&self.requested, &self.marking, &self.completing, &self.refused_to_retry] {
            env.in_state(id, VoidingState::DocumentVoided).await;
            assert_eq!(env.events(id).await, VOIDED);
        }
        for (id, expected) in
            [(&self.waiting, ACKNOWLEDGED), (&self.closing, ACKNOWLEDGED), (&self.refused_to_acknowledge, COMPENSATED)]
        {
            env.in_state(id, VoidingState::FailureAcknowledged).await;
            assert_eq!(env.events(id).await, expected);
        }
        self.one_run_each(env).await;
        assert_eq!(env.billing().documents("?process=open").await.ok().items, []);
        env.assert_consistent().await;
    }

    async fn one_run_each(&self, env: &Env) {
        for id in self.ids() {
            let query = format!("WorkflowId = '{}'", workflow_id(id));
            let count = async || env.temporal().list(&query).await.len();
            eventually_eq("one run of the document", 1, count).await;
        }
    }
}

async fn refused(env: &Env) -> DocumentId {
    let document = env.issue_reported().await;
    env.refused_completion(&document.document_id).await;
    document.document_id
}
