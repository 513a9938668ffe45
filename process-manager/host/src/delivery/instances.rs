//! Delivers events to the instances of a process manager.

use std::marker::PhantomData;

use process_manager_wire::CloudEvent;
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

use super::{DeliveryError, DeliveryTarget};
use crate::{
    connect::bounded_rpc,
    ended,
    subscription::HandlerError,
    wait::{self, InstanceWaitError},
};

/// The instances of `M`.
pub(crate) struct Instances<M> {
    client: Client,
    task_queue: String,
    manager: PhantomData<fn(M)>,
}

/// Whether a start took place.
enum Begun {
    Yes,
    /// One of this id runs, or has ended.
    IsKnown,
}

impl<M: ProcessManager> Instances<M> {
    pub(crate) fn new(client: Client, task_queue: String) -> Self {
        Self { client, task_queue, manager: PhantomData }
    }

    async fn deliver(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        let Some(last) = events.last() else { return Ok(()) };
        let queued = events.to_vec();
        match last.kind {
            RouteKind::StartStrict => self.start_strict(id, queued).await?,
            RouteKind::ContinueStrict => self.continue_strict(id, queued, &last.event).await?,
            _ if events.iter().all(|it| it.kind == RouteKind::Stop) => {
                // Nothing to stop where nothing runs.
                if !self.signal(id, &queued).await? && self.continue_ended(id).await? {
                    self.signal(id, &queued).await?;
                }
            }
            _ => self.signal_with_start(id, queued).await?,
        }
        if M::options().consistency == Consistency::Strong {
            return self.wait(id, &last.event).await;
        }
        Ok(())
    }

    /// To the instance that runs, or to a new one, which then knows what an earlier one of this id has seen.
    async fn signal_with_start(&self, id: &str, events: Vec<Delivery>) -> Result<(), DeliveryError> {
        let begin = Begin::new::<M>(id, Ledger::default());
        if let Begun::Yes = self.begin(begin, &events, WorkflowIdReusePolicy::RejectDuplicate).await? {
            return Ok(());
        }
        self.continue_ended(id).await?;
        let ledger = self.ledger(id).await?;
        let unseen: Vec<_> = events.into_iter().filter(|queued| !ledger.has_accepted(&queued.event)).collect();
        if unseen.iter().all(|queued| queued.kind == RouteKind::Stop) {
            return Ok(());
        }
        self.begin(Begin::new::<M>(id, ledger), &unseen, WorkflowIdReusePolicy::AllowDuplicate).await?;
        Ok(())
    }

    async fn start_strict(&self, id: &str, events: Vec<Delivery>) -> Result<(), DeliveryError> {
        let Some(queued) = events.first() else { return Ok(()) };
        let first = Begin { events: events.clone(), ..Begin::new::<M>(id, Ledger::default()) };
        if let Begun::Yes = self.start(first, WorkflowIdReusePolicy::RejectDuplicate).await? {
            return Ok(());
        }
        self.continue_ended(id).await?;
        let unknown = |error: WorkflowInteractionError| fault("looked at", id, error);
        if let Some(view) = wait::running::<M>(&self.client, id).await.map_err(unknown)? {
            if view.ledger.has_accepted(&queued.event) {
                return Ok(());
            }
            if !view.ends_next {
                return Err(DeliveryError::AlreadyStarted);
            }
            if self.signal(id, &events).await? {
                return Ok(());
            }
        }
        let ledger = self.ledger(id).await?;
        if ledger.has_accepted(&queued.event) {
            return Ok(());
        }
        let again = Begin { events, ..Begin::new::<M>(id, ledger) };
        match self.start(again, WorkflowIdReusePolicy::AllowDuplicate).await? {
            Begun::Yes => Ok(()),
            // Another delivery was faster; the retry finds its run.
            Begun::IsKnown => Err(fault("started", id, "another one has begun meanwhile")),
        }
    }

    async fn continue_strict(&self, id: &str, events: Vec<Delivery>, event: &CloudEvent) -> Result<(), DeliveryError> {
        if self.signal(id, &events).await? || self.continue_ended(id).await? && self.signal(id, &events).await? {
            return Ok(());
        }
        if self.ledger(id).await?.has_accepted(event) {
            return Ok(());
        }
        Err(DeliveryError::NotStarted)
    }

    /// Signals the instance that runs; `false` when none does.
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
            .rpc_options(bounded_rpc())
            .build()
    }

    /// Continues an instance whose run was ended from outside: what it had to do must not be lost to one that begins
    /// afresh. Tells whether it runs now.
    async fn continue_ended(&self, id: &str) -> Result<bool, DeliveryError> {
        let continued = ended::continue_latest::<M>(&self.client, &self.task_queue, id).await;
        continued.map_err(|error| fault("continued", id, error))
    }

    async fn ledger(&self, id: &str) -> Result<Ledger, DeliveryError> {
        wait::ledger_of_last::<M>(&self.client, id).await.map_err(|error| fault("looked at", id, error))
    }

    /// Waits until the event has been handled; an instance that is parked does not hold others up.
    async fn wait(&self, id: &str, event: &CloudEvent) -> Result<(), DeliveryError> {
        match wait::wait::<M>(&self.client, id, &event.logid, event.sequence).await {
            Ok(()) | Err(InstanceWaitError::Parked | InstanceWaitError::NotThere) => Ok(()),
            Err(InstanceWaitError::Fault(error)) => Err(fault("waited for", id, error)),
        }
    }
}

impl<M: ProcessManager> DeliveryTarget for Instances<M> {
    async fn deliver(&self, id: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        Self::deliver(self, id, events).await
    }
}

fn begun<T>(id: &str, outcome: Result<T, WorkflowStartError>) -> Result<Begun, DeliveryError> {
    match outcome {
        Ok(_) => Ok(Begun::Yes),
        Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(Begun::IsKnown),
        // The answer to a start with a signal.
        Err(WorkflowStartError::Rpc(status)) if status.code() == Code::AlreadyExists => Ok(Begun::IsKnown),
        Err(WorkflowStartError::Rpc(status)) => Err(rpc("started", id, status)),
        Err(error) => Err(fault("started", id, error)),
    }
}

/// A request that the server rejects stays rejected; everything else is retried.
fn rpc(done: &str, id: &str, status: Status) -> DeliveryError {
    match status.code() {
        Code::InvalidArgument => DeliveryError::Undeliverable(status.message().to_owned()),
        _ => fault(done, id, status),
    }
}

fn fault(done: &str, id: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DeliveryError {
    DeliveryError::Fault(HandlerError::new(format!("instance {id} cannot be {done}"), error))
}

fn payload<T: serde::Serialize + 'static>(value: &T) -> RawValue {
    RawValue::from_value(value, &PayloadConverter::serde_json())
}
