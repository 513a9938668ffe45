//! Delivers events to the instances of a process manager.

use std::marker::PhantomData;

use process_manager_wire::CloudEvent;
use serde_json::Value;
use temporalio_client::{
    Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowSignalOptions, WorkflowStartOptions,
    errors::{WorkflowInteractionError, WorkflowStartError},
    tonic::{Code, Status},
};
use temporalio_common::{
    data_converters::{PayloadConverter, RawValue},
    search_attributes::SearchAttributes,
};

use process_manager::{
    instance::{Delivery, Ledger},
    manager::{Consistency, ProcessManager, RouteKind},
};
use process_manager_engine::{
    instance::{Begin, DeliverSignal, RunInstance, workflow_id},
    publish::{INCIDENT, PROCESS_ID},
};

use super::{
    DeliveryError, DeliveryTarget,
    known::{self, Latest},
    running::Running,
};
use crate::{connect::bounded_rpc, ended, subscription::HandlerError, wait};

/// The instances of `M`.
pub(crate) struct Instances<M> {
    client: Client,
    task_queue: String,
    settings: Value,
    running: Running,
    manager: PhantomData<fn(M)>,
}

/// Whether a start started a run.
enum Begun {
    Yes,
    /// One with this id runs, or has ended.
    IsKnown,
}

impl<M: ProcessManager> Instances<M> {
    pub(crate) fn new(client: Client, task_queue: String, settings: Value) -> Self {
        Self { client, task_queue, settings, running: Running::default(), manager: PhantomData }
    }

    /// Returns the input of a new instance.
    fn input(&self, id: &str, ledger: Ledger) -> Begin {
        Begin { settings: self.settings.clone(), ..Begin::new::<M>(id, ledger) }
    }

    async fn deliver(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        let Some(last) = events.last() else { return Ok(()) };
        match last.kind {
            RouteKind::StartStrict => self.start_strict(id, last).await,
            RouteKind::ContinueStrict => self.continue_strict(id, last).await,
            _ if events.iter().all(|it| it.kind == RouteKind::Stop) => self.stop(id, events).await,
            _ => self.start_or_signal(id, events.to_vec()).await,
        }
    }

    async fn start_or_signal(&self, id: &str, events: Vec<Delivery>) -> Result<(), DeliveryError> {
        let may_all_start = events.iter().all(|it| it.kind == RouteKind::Start);
        if may_all_start && !self.running.knows(id) {
            self.start_first(id, events).await?;
        } else {
            self.signal_with_start(id, events).await?;
        }
        self.running.add(id);
        Ok(())
    }

    /// Starts the instance with its first events, which is the usual case: the input costs one event less than a
    /// signal, and this process may get the first task with the answer.
    async fn start_first(&self, id: &str, events: Vec<Delivery>) -> Result<(), DeliveryError> {
        let first = Begin { events: events.clone(), ..self.input(id, Ledger::default()) };
        match self.start(first, WorkflowIdReusePolicy::RejectDuplicate).await? {
            Begun::Yes => Ok(()),
            Begun::IsKnown => self.signal_with_start(id, events).await,
        }
    }

    /// Signals the running instance, or starts a new one, which then knows what an earlier one with this id has seen.
    async fn signal_with_start(&self, id: &str, events: Vec<Delivery>) -> Result<(), DeliveryError> {
        let begin = self.input(id, Ledger::default());
        if let Begun::Yes = self.begin(begin, &events, WorkflowIdReusePolicy::RejectDuplicate).await? {
            return Ok(());
        }
        if self.continue_ended(id).await? && self.signal(id, &events).await? {
            return Ok(());
        }
        let ledger = self.ledger_of_ended(id).await?;
        let mut seen = ledger.clone();
        let unseen: Vec<_> = events.into_iter().filter(|delivery| seen.accept(delivery)).collect();
        if unseen.iter().all(|queued| queued.kind == RouteKind::Stop) {
            return Ok(());
        }
        self.begin(self.input(id, ledger), &unseen, WorkflowIdReusePolicy::AllowDuplicate).await?;
        Ok(())
    }

    /// Starts an instance. A running one may be unable to answer, so its history is read instead.
    async fn start_strict(&self, id: &str, event: &Delivery) -> Result<(), DeliveryError> {
        let events = vec![event.clone()];
        let first = Begin { events: events.clone(), ..self.input(id, Ledger::default()) };
        if let Begun::Yes = self.start(first, WorkflowIdReusePolicy::RejectDuplicate).await? {
            return Ok(());
        }
        self.continue_ended(id).await?;
        if let Latest::Running(run_id) = self.latest(id).await? {
            let given = known::given(&self.client, &workflow_id::<M>(id), &run_id).await;
            let given = given.map_err(|status| rpc("looked at", id, status))?.ok_or_else(|| no_record(&run_id))?;
            if given.ledger.has_accepted(event) {
                return Ok(());
            }
            if !given.ends_next {
                return Err(DeliveryError::AlreadyStarted);
            }
            if self.signal(id, &events).await? {
                return Ok(());
            }
        }
        let ledger = self.ledger_of_ended(id).await?;
        if ledger.has_accepted(event) {
            return Ok(());
        }
        let again = Begin { events, ..self.input(id, ledger) };
        match self.start(again, WorkflowIdReusePolicy::AllowDuplicate).await? {
            Begun::Yes => Ok(()),
            Begun::IsKnown => Err(begun_meanwhile(id)),
        }
    }

    /// Stops the instance. If none runs, there is nothing to stop.
    async fn stop(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        if !self.signal(id, events).await? && self.continue_ended(id).await? {
            self.signal(id, events).await?;
        }
        self.running.remove(id);
        Ok(())
    }

    async fn continue_strict(&self, id: &str, event: &Delivery) -> Result<(), DeliveryError> {
        let events = std::slice::from_ref(event);
        if self.signal(id, events).await? || self.continue_ended(id).await? && self.signal(id, events).await? {
            return Ok(());
        }
        if self.ledger_of_ended(id).await?.has_accepted(event) {
            return Ok(());
        }
        Err(DeliveryError::NotStarted)
    }

    async fn latest(&self, id: &str) -> Result<Latest, DeliveryError> {
        known::latest(&self.client, &workflow_id::<M>(id)).await.map_err(|status| rpc("looked at", id, status))
    }

    /// Returns the ledger of the latest instance with this id, which has ended.
    async fn ledger_of_ended(&self, id: &str) -> Result<Ledger, DeliveryError> {
        match self.latest(id).await? {
            Latest::None => Ok(Ledger::default()),
            // Another delivery was faster; the retry finds its run.
            Latest::Running(_) => Err(begun_meanwhile(id)),
            Latest::Closed(run_id) => {
                let ledger = known::ledger(&self.client, &workflow_id::<M>(id), &run_id).await;
                ledger.map_err(|status| rpc("looked at", id, status))?.ok_or_else(|| no_record(&run_id))
            }
        }
    }

    /// Signals the running instance; returns `false` if none runs.
    async fn signal(&self, id: &str, events: &[Delivery]) -> Result<bool, DeliveryError> {
        let handle = wait::handle::<M>(&self.client, id);
        let options = WorkflowSignalOptions::builder().rpc_options(bounded_rpc()).build();
        match Box::pin(handle.signal(DeliverSignal::<M>::default(), payload(&events.to_vec()), options)).await {
            Ok(()) => Ok(true),
            Err(WorkflowInteractionError::NotFound(_)) => Ok(false),
            Err(WorkflowInteractionError::Rpc(status)) => Err(rpc("signalled", id, status)),
            Err(error) => Err(fault("signalled", id, error)),
        }
    }

    async fn begin(
        &self,
        begin: Begin,
        events: &[Delivery],
        reuse: WorkflowIdReusePolicy,
    ) -> Result<Begun, DeliveryError> {
        let id = begin.process_id.clone();
        let options = self.options(&id, reuse, WorkflowIdConflictPolicy::UseExisting);
        let (run, signal) = (RunInstance::<M>::default(), DeliverSignal::<M>::default());
        let (input, events) = (payload(&begin), payload(&events.to_vec()));
        begun(&id, Box::pin(self.client.signal_with_start_workflow(run, input, signal, events, options)).await)
    }

    async fn start(&self, begin: Begin, reuse: WorkflowIdReusePolicy) -> Result<Begun, DeliveryError> {
        let id = begin.process_id.clone();
        let options = self.options(&id, reuse, WorkflowIdConflictPolicy::Fail);
        let run = RunInstance::<M>::default();
        begun(&id, Box::pin(self.client.start_workflow(run, payload(&begin), options)).await)
    }

    fn options(
        &self,
        id: &str,
        reuse: WorkflowIdReusePolicy,
        conflict: WorkflowIdConflictPolicy,
    ) -> WorkflowStartOptions {
        let attributes = [PROCESS_ID.value_set(id.to_owned()), INCIDENT.value_set(false)];
        WorkflowStartOptions::new(&self.task_queue, workflow_id::<M>(id))
            .id_reuse_policy(reuse)
            .id_conflict_policy(conflict)
            .search_attributes(SearchAttributes::new(attributes))
            .static_summary(format!("{} {id}", M::NAME))
            .enable_eager_workflow_start(true)
            .rpc_options(bounded_rpc())
            .build()
    }

    /// Continues an instance whose run was ended from outside: its remaining work must not be lost to a new instance.
    /// Returns whether it runs now.
    async fn continue_ended(&self, id: &str) -> Result<bool, DeliveryError> {
        let continued = ended::continue_latest::<M>(&self.client, &self.task_queue, id).await;
        continued.map_err(|error| fault("continued", id, error))
    }
}

impl<M: ProcessManager> DeliveryTarget for Instances<M> {
    async fn deliver(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        Self::deliver(self, id, events).await
    }

    /// Waits until the event has been handled, if the process manager requires that. A parked instance does not hold up
    /// the position.
    async fn settled(&self, id: &str, last: &CloudEvent) {
        if M::options().consistency == Consistency::Strong {
            wait::settled::<M>(&self.client, id, last).await;
        }
    }
}

fn begun<T>(id: &str, outcome: Result<T, WorkflowStartError>) -> Result<Begun, DeliveryError> {
    match outcome {
        Ok(_) => Ok(Begun::Yes),
        Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(Begun::IsKnown),
        // The answer to a signal-with-start.
        Err(WorkflowStartError::Rpc(status)) if status.code() == Code::AlreadyExists => Ok(Begun::IsKnown),
        Err(WorkflowStartError::Rpc(status)) => Err(rpc("started", id, status)),
        Err(error) => Err(fault("started", id, error)),
    }
}

/// Temporal's texts for the limits of one instance or one event. Anything else that it rejects (an unknown search
/// attribute or namespace, …) is a fault of the set-up. It would be the same for each event, so it is retried, and no
/// event is blamed.
const LIMITS: [&str; 4] =
    ["exceeds limit", "exceeds size limit", "larger than max", "exceeded workflow execution limit"];

fn rpc(done: &str, id: &str, status: Status) -> DeliveryError {
    let is_limit = LIMITS.iter().any(|limit| status.message().contains(limit));
    match status.code() {
        Code::InvalidArgument | Code::ResourceExhausted if is_limit => {
            DeliveryError::Undeliverable(status.message().to_owned())
        }
        _ => fault(done, id, status),
    }
}

fn begun_meanwhile(id: &str) -> DeliveryError {
    fault("started", id, "another one has begun meanwhile")
}

/// Returns a final error: Temporal's history of the run has been read, and a retry would read the same.
fn no_record(run_id: &str) -> DeliveryError {
    DeliveryError::Undeliverable(format!("its last run, {run_id}, has left no record of the events that it has seen"))
}

fn fault(done: &str, id: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DeliveryError {
    DeliveryError::Fault(HandlerError::new(format!("instance {id} cannot be {done}"), error))
}

fn payload<T: serde::Serialize + 'static>(value: &T) -> RawValue {
    RawValue::from_value(value, &PayloadConverter::serde_json())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_limits_of_an_instance_or_an_event_are_its_own_fault() {
        let is_blamed =
            |code, message| matches!(rpc("started", "a", Status::new(code, message)), DeliveryError::Undeliverable(_));
        for (code, message) in [
            (Code::InvalidArgument, "Blob data size exceeds limit."),
            (Code::InvalidArgument, "exceeded workflow execution limit for signal events"),
            (Code::ResourceExhausted, "grpc: received message after decompression larger than max 4194304"),
        ] {
            assert!(is_blamed(code, message), "{message}");
        }
        for (code, message) in [
            (Code::InvalidArgument, "Namespace default has no mapping defined for search attribute ProcessId"),
            (Code::NotFound, "Namespace shop is not found."),
            (Code::ResourceExhausted, "namespace rate limit exceeded"),
            (Code::ResourceExhausted, "workflow is closing"),
            (Code::Unavailable, "larger than max"),
        ] {
            assert!(!is_blamed(code, message), "{message}");
        }
    }
}
