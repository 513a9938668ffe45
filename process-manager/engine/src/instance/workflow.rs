//! The workflow that runs one instance, generic over the process manager; its type is the process manager's name.
//!
//! The SDK's macros do not accept generic types, so [`definitions`] contains what they would generate.

mod definitions;

use std::time::Duration;

use chrono::{DateTime, Utc};
use process_manager::{
    instance::{Acknowledge, Delivery, Instance, InstanceView, Published, Signalled},
    manager::ProcessManager,
};
use process_manager_wire::error_chain;
use temporalio_common::{data_converters::RawValue, error::ApplicationFailure};
use temporalio_workflow::{CancellableFuture as _, SyncWorkflowContext, WorkflowContext, WorkflowContextView, select};

pub use self::definitions::{
    AcknowledgeSignal, CarriedQuery, DeliverSignal, HandledUpdate, InstructSignal, RetrySignal, RunInstance, StateQuery,
};
use super::{
    begin::{Begin, CannotBegin, Carried, Publishes},
    cut::Cut,
};
use crate::{idle::IdleTimer, signals, timer::timer};

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
/// | signal | `retry` | `{"failure_id"?}`; anything else in it is ignored: retries the failure with which the instance is parked |
/// | signal | `acknowledge` | none, or `{"acknowledged_by"?, "note"?, "failure_id"?}` (texts; at most 200 and 2,000 characters): gives the process up; the run ends *Failed*, type `FailureAcknowledged`. Any other payload does not acknowledge |
/// | signal | `instruct` | `{"type", "data"}`, at most 16 KiB: an event that the process manager accepts as an instruction; anything else is ignored |
/// | query | `state` | [`InstanceView`] |
/// | query | `carried` | [`Carried`]: the host uses it to continue an instance whose run was ended from outside |
/// | update | `handled` | `{"log", "position", "within_ms"?}`: returns once the event at that position has been handled; with a limit (at most 30 s) it answers within that time, see [`HandledAnswer`] |
pub struct ProcessInstance<M: ProcessManager> {
    pub(super) instance: Result<Instance<M>, CannotBegin>,
    /// Whether something has come in since the instance was last examined.
    pub(super) awake: bool,
    /// Whether something has come in that only made the history longer.
    pub(super) is_stirred: bool,
    pub(super) acknowledgement: Acknowledge,
    pub(super) published: Published,
    pub(super) publishes: Publishes,
    pub(super) idle: IdleTimer,
    pub(super) cut: Cut,
    /// The number of local activities since the history had this length.
    pub(super) markers: (u32, u32),
}

impl<M: ProcessManager> ProcessInstance<M> {
    fn new(ctx: &WorkflowContextView, input: &RawValue) -> Self {
        let begun = Begin::read(ctx.workflow_id(), input);
        let acknowledgement = begun.as_ref().map(|(_, acknowledgement)| acknowledgement.clone()).unwrap_or_default();
        let instance = begun.map(|(instance, _)| instance);
        Self {
            cut: Cut::new(&instance),
            instance,
            awake: true,
            is_stirred: false,
            acknowledgement,
            published: Published::default(),
            publishes: Begin::publishes(input),
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

    /// Returns whether something has come in since the instance, or its history, was last examined.
    pub(super) fn has_news(&self) -> bool {
        self.awake || self.is_stirred
    }

    fn signalled(&mut self, name: &str, act: impl FnOnce(&mut Instance<M>) -> Signalled) -> bool {
        self.is_stirred = true;
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
        if self.signalled("retry", |instance| instance.retry(failure_id.as_deref())) {
            self.cut.retried();
        }
    }

    fn acknowledge(&mut self, input: &RawValue) {
        match signals::acknowledgement(input) {
            Err(why) => {
                self.is_stirred = true;
                tracing::warn!(why, "signal acknowledge is ignored");
            }
            Ok(signal) => {
                let counted =
                    self.signalled("acknowledge", |instance| instance.acknowledge(signal.failure_id.as_deref()));
                if counted {
                    self.acknowledgement = signal;
                }
            }
        }
    }

    fn instruct(&mut self, input: &RawValue, at: DateTime<Utc>) {
        self.is_stirred = true;
        let Ok(instance) = &mut self.instance else { return };
        let taken = signals::instruction(input)
            .map_err(str::to_owned)
            .and_then(|(kind, data)| instance.instruct(&kind, data, at).map_err(|rejected| rejected.to_string()));
        match taken {
            Ok(()) => self.awake = true,
            Err(why) => tracing::warn!(why, "signal instruct is ignored"),
        }
    }

    fn unknown(&mut self, _: &RawValue) {
        self.is_stirred = true;
    }

    /// Returns the input of the next run, or the reason why there can be none.
    fn carried(&self) -> Result<Carried, String> {
        let instance = self.instance.as_ref().map_err(ToString::to_string)?;
        let begin = Begin::carrying(instance, &self.acknowledgement).map_err(|error| error_chain(&error))?;
        Ok(Carried { begin, is_over: instance.is_over() })
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

/// Waits until the instance has handled everything up to that position in the log, or as long as the update asks for.
///
/// Runs from before waits had a limit have updates without one: for these the commands must stay the same.
async fn handled<M: ProcessManager>(
    ctx: WorkflowContext<ProcessInstance<M>>,
    input: RawValue,
) -> Result<RawValue, Box<dyn std::error::Error + Send + Sync>> {
    ctx.state_mut(|run| run.is_stirred = true);
    let input = serde_json::Value::Object(signals::object(&input)?);
    let HandledUpTo { log, position, within_ms } = serde_json::from_value(input)?;
    let is_handled = |run: &ProcessInstance<M>| {
        run.instance.as_ref().map_or(true, |instance| instance.ledger().has_handled(&log, position))
    };
    let is_parked = |run: &ProcessInstance<M>| run.instance.as_ref().is_ok_and(|instance| instance.parked().is_some());
    let is_over = |run: &ProcessInstance<M>| is_handled(run) || is_parked(run);
    let Some(millis) = within_ms else {
        ctx.wait_condition(is_over).await?;
        if ctx.state(is_handled) {
            return Ok(RawValue::from_value(&(), ctx.payload_converter()));
        }
        return Err(ApplicationFailure::builder(IS_PARKED.to_owned()).type_name(PARKED.to_owned()).build().into());
    };
    if !ctx.state(is_over) {
        let mut limit = timer(&ctx, Duration::from_millis(millis.clamp(1, LONGEST_WAIT_MS)));
        select! {
            _ = limit => (),
            over = ctx.wait_condition(is_over) => {
                over?;
                limit.cancel();
            }
        }
    }
    // Each wait makes the history longer.
    ctx.state_mut(|run| run.awake = true);
    let answer = if ctx.state(is_handled) {
        HandledAnswer::Handled
    } else if ctx.state(is_parked) {
        HandledAnswer::Parked
    } else {
        let is_accepted = ctx.state(|run| {
            run.instance.as_ref().is_ok_and(|instance| instance.ledger().has_accepted_up_to(&log, position))
        });
        HandledAnswer::NotYet { is_accepted }
    };
    Ok(RawValue::from_value(&answer, ctx.payload_converter()))
}

/// The longest wait of one update: each wait occupies one of the ten updates that a run takes at a time.
const LONGEST_WAIT_MS: u64 = 30_000;

/// The type of the failure of the update `handled` if the instance is parked.
pub const PARKED: &str = "Parked";
/// The text of that failure: the first instances answered with the text but without the type.
pub const IS_PARKED: &str = "the instance is parked with a failure";

/// The payload of the update `handled`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct HandledUpTo {
    /// The log's id.
    pub log: String,
    /// The event's position.
    pub position: process_manager_wire::Position,
    /// How long to wait, at most 30 s; the answer is then a [`HandledAnswer`]. Without a limit the update waits until
    /// the event has been handled, and fails if the instance is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
}

/// The answer of the update `handled` with a time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandledAnswer {
    /// The event has been handled.
    Handled,
    /// It has not been handled, and the instance is parked with a failure.
    Parked,
    /// It has not been handled in time.
    NotYet {
        /// Whether the instance has received it, or a later event of the log.
        is_accepted: bool,
    },
}

type SyncContext<M> = SyncWorkflowContext<ProcessInstance<M>>;
