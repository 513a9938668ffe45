//! The workflow that runs one instance, generic over the process manager; its type is the process manager's name.
//!
//! The SDK's macros do not take generic types, so what they would write stands in [`definitions`].

mod definitions;

use process_manager::{
    instance::{Acknowledge, Delivery, Instance, InstanceView, Published, Signalled},
    manager::ProcessManager,
};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{SyncWorkflowContext, WorkflowContext, WorkflowContextView};

pub use self::definitions::{AcknowledgeSignal, DeliverSignal, HandledUpdate, RetrySignal, RunInstance, StateQuery};
use super::begin::{Begin, CannotBegin};
use crate::{idle::IdleTimer, signals};

/// Returns the id of an instance's workflow: `<manager>-<process id>`.
#[must_use]
pub fn workflow_id<M: ProcessManager>(process_id: &str) -> String {
    format!("{}-{process_id}", M::NAME)
}

/// The workflow that runs one instance of `M`.
///
/// | kind | name | payload |
/// |---|---|---|
/// | signal | `deliver` | events, from the subscription |
/// | signal | `retry` | `{"failure_id"?}`, whatever else: retries the failure with which the instance is parked |
/// | signal | `acknowledge` | none, or `{"acknowledged_by"?, "note"?, "failure_id"?}` (texts; 200 and 2,000 characters at most): gives the process up; the run ends *Failed*, type `FailureAcknowledged`. Any other payload does not acknowledge |
/// | query | `state` | [`InstanceView`] |
/// | update | `handled` | `{"log", "position"}`: returns once the event of that place has been handled |
pub struct ProcessInstance<M: ProcessManager> {
    pub(super) instance: Result<Instance<M>, CannotBegin>,
    /// Whether something has come in since the instance was looked at.
    pub(super) awake: bool,
    pub(super) acknowledgement: Acknowledge,
    pub(super) published: Published,
    pub(super) publishes_outcome: bool,
    pub(super) idle: IdleTimer,
    /// Local activities since the history was this long.
    pub(super) markers: (u32, u32),
}

impl<M: ProcessManager> ProcessInstance<M> {
    fn new(ctx: &WorkflowContextView, input: &RawValue) -> Self {
        Self {
            instance: Begin::read(ctx.workflow_id(), input),
            awake: true,
            acknowledgement: Acknowledge::default(),
            published: Published::default(),
            publishes_outcome: Begin::publishes_outcome(input),
            idle: IdleTimer::new(ctx.run_id().to_owned()),
            markers: (0, 0),
        }
    }

    fn deliver(&mut self, input: &RawValue) {
        self.awake = true;
        for payload in &input.payloads {
            match (&mut self.instance, serde_json::from_slice::<Vec<Delivery>>(&payload.data)) {
                (Ok(instance), Ok(events)) => {
                    for queued in events {
                        instance.deliver(queued);
                    }
                }
                (Err(_), _) => (),
                (_, Err(error)) => tracing::warn!(%error, "a signal `deliver` that holds no events is ignored"),
            }
        }
    }

    fn signalled(&mut self, name: &str, act: impl FnOnce(&mut Instance<M>) -> Signalled) -> bool {
        let Ok(instance) = &mut self.instance else { return false };
        let counted = act(instance) == Signalled::Counted;
        self.awake |= counted;
        if !counted {
            tracing::info!("signal {name} is ignored: it means no failure that is there");
        }
        counted
    }

    fn retry(&mut self, input: &RawValue) {
        let failure_id = signals::retry(input);
        self.signalled("retry", |instance| instance.retry(failure_id.as_deref()));
    }

    fn acknowledge(&mut self, input: &RawValue) {
        match signals::acknowledgement(input) {
            Err(why) => tracing::warn!(why, "signal acknowledge is ignored"),
            Ok(signal) => {
                let counted =
                    self.signalled("acknowledge", |instance| instance.acknowledge(signal.failure_id.as_deref()));
                if counted {
                    self.acknowledgement = signal;
                }
            }
        }
    }

    fn view(&self) -> Option<InstanceView> {
        self.instance.as_ref().ok().map(Instance::view)
    }

    pub(super) fn machine(&mut self) -> &mut Instance<M> {
        match &mut self.instance {
            Ok(instance) => instance,
            Err(why) => unreachable!("a run that cannot begin ends at once: {why:?}"),
        }
    }
}

/// Waits until the instance has handled everything up to that place in the log.
async fn handled<M: ProcessManager>(
    ctx: WorkflowContext<ProcessInstance<M>>,
    input: RawValue,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let input = serde_json::Value::Object(signals::object(&input)?);
    let HandledUpTo { log, position } = serde_json::from_value(input)?;
    let is_handled = |run: &ProcessInstance<M>| {
        run.instance.as_ref().map_or(true, |instance| instance.ledger().has_handled(&log, position))
    };
    let is_parked = |run: &ProcessInstance<M>| run.instance.as_ref().is_ok_and(|instance| instance.parked().is_some());
    ctx.wait_condition(|run| is_handled(run) || is_parked(run)).await?;
    if ctx.state(is_handled) { Ok(()) } else { Err("the instance is parked with a failure".into()) }
}

/// Payload of the update `handled`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct HandledUpTo {
    /// The log's id.
    pub log: String,
    /// The event's position.
    pub position: process_manager_wire::Position,
}

type SyncContext<M> = SyncWorkflowContext<ProcessInstance<M>>;
