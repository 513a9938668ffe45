//! Replays histories, and observes what the workflow receives and sends.

use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use process_manager::{
    decisions::{Step, bounded, note, recorded},
    instance::Delivery,
};
use process_manager_engine::{
    activities::CommandToDispatch,
    instance::{Begin, timer_name},
};
use serde_json::json;
use temporalio_client::WorkflowHistory;
use temporalio_common::{
    data_converters::{RawValue, SerializationContextData},
    payload_visitor::decode_payloads,
    protos::temporal::api::history::v1::History,
};
use temporalio_sdk::{
    workflow_interceptors::{
        CancellableWorkflowOutboundFuture, HandleSignalInput, HandleSignalResult, InitializeWorkflowInput,
        InitializeWorkflowOutput, ScheduleActivityResult, ScheduleLocalActivityInput, StartTimerInput,
        WorkflowInterceptor, WorkflowInterceptorConstructor, WorkflowInterceptorContext, WorkflowInterceptorFuture,
        WorkflowNext,
    },
    workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions},
};
use temporalio_workflow::{TimerResult, WorkflowContextView};
use tokio::{runtime, time::timeout};

use super::UpgradeError;

/// The time limit of one history. A replay takes milliseconds; code that never returns must not block the check.
pub(super) const WITHIN: Duration = Duration::from_secs(60);

/// Replays histories, one after the other.
pub(super) struct Replayer<'a> {
    options: &'a WorkflowReplayerOptions,
    within: Duration,
    runtime: runtime::Runtime,
}

/// A replayed history.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// The input of an instance's run, if it can be read.
    pub(super) begin: Option<Begin>,
    /// The events that were delivered to an instance.
    pub(super) deliveries: Vec<Delivery>,
    /// The timers of an instance that were started, by name.
    pub(super) timers: Vec<(String, Duration)>,
    /// What was decided and sent.
    pub(super) steps: Vec<Step>,
    /// The reason why the code cannot go on with it.
    pub(super) failure: Option<String>,
}

/// Calls a function with a replayer, in a thread of its own: decisions are recorded per thread, and a runtime cannot
/// block a thread of another runtime.
pub(super) fn in_a_thread<T: Send>(
    options: &WorkflowReplayerOptions,
    within: Duration,
    act: impl FnOnce(&Replayer<'_>) -> Result<T, UpgradeError> + Send,
) -> Result<T, UpgradeError> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| UpgradeError::Replayer(error.to_string()))?;
            act(&Replayer { options, within, runtime })
        });
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

impl Replayer<'_> {
    pub(super) fn replay(&self, history: History) -> Result<Replayed, UpgradeError> {
        let seen = Arc::new(Mutex::new(Replayed::default()));
        let mut options = self.options.clone();
        let shared = seen.clone();
        options.workflow_interceptor(WorkflowInterceptorConstructor::new(move |_| Observer(shared.clone())));
        let replayer = WorkflowReplayer::new(options).map_err(|error| UpgradeError::Replayer(error.to_string()))?;
        let replay = async { timeout(self.within, replayer.replay_workflow(WorkflowHistory::from(history))).await };
        let (outcome, steps) = recorded(|| self.runtime.block_on(replay));
        let failure = match outcome {
            Ok(outcome) => outcome.err().map(|error| error.to_string()),
            Err(_) => Some(format!("it did not end within {} s", self.within.as_secs_f64())),
        };
        let seen = std::mem::take(&mut *lock(&seen));
        Ok(Replayed { steps, failure, ..seen })
    }
}

impl Replayer<'_> {
    /// Returns the history with its payloads decoded by their codec.
    ///
    /// # Errors
    /// The codec's error, in words.
    pub(super) fn decoded(&self, mut history: History) -> Result<History, String> {
        let codec = self.options.data_converter.codec();
        let decoding = decode_payloads(&mut history, codec, &SerializationContextData::None);
        self.runtime.block_on(decoding).map_err(|error| format!("its payloads cannot be decoded: {error}"))?;
        Ok(history)
    }
}

fn lock(seen: &Mutex<Replayed>) -> MutexGuard<'_, Replayed> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Observes what a workflow receives and sends. Payloads arrive here after their codec.
struct Observer(Arc<Mutex<Replayed>>);

impl WorkflowInterceptor for Observer {
    fn initialize_workflow(
        &self,
        _: WorkflowContextView,
        input: InitializeWorkflowInput,
        next: WorkflowNext<'_, InitializeWorkflowInput, InitializeWorkflowOutput>,
    ) -> InitializeWorkflowOutput {
        let payload = input.input_ref::<RawValue>().and_then(|raw| raw.payloads.first());
        lock(&self.0).begin = payload.and_then(|payload| serde_json::from_slice(&payload.data).ok());
        next.run(input)
    }

    fn handle_signal<'a>(
        &'a self,
        _: WorkflowInterceptorContext,
        input: HandleSignalInput,
        next: WorkflowNext<'a, HandleSignalInput, WorkflowInterceptorFuture<'a, HandleSignalResult>>,
    ) -> WorkflowInterceptorFuture<'a, HandleSignalResult> {
        if let Some(raw) = input.input_ref::<RawValue>().filter(|_| input.name() == "deliver") {
            let read = |data: &[u8]| serde_json::from_slice::<Vec<Delivery>>(data).unwrap_or_default();
            lock(&self.0).deliveries.extend(raw.payloads.iter().flat_map(|payload| read(&payload.data)));
        }
        next.run(input)
    }

    fn schedule_local_activity(
        &self,
        _: WorkflowInterceptorContext,
        input: ScheduleLocalActivityInput,
        next: WorkflowNext<
            'static,
            ScheduleLocalActivityInput,
            CancellableWorkflowOutboundFuture<ScheduleActivityResult>,
        >,
    ) -> CancellableWorkflowOutboundFuture<ScheduleActivityResult> {
        if let Some(sent) = input.input_ref::<CommandToDispatch>() {
            note(self::sent(input.activity_type(), sent));
        }
        next.run(input)
    }

    fn start_timer(
        &self,
        _: WorkflowInterceptorContext,
        input: StartTimerInput,
        next: WorkflowNext<'static, StartTimerInput, CancellableWorkflowOutboundFuture<TimerResult>>,
    ) -> CancellableWorkflowOutboundFuture<TimerResult> {
        let options = input.options();
        if let Some(name) = options.summary.as_deref().and_then(timer_name) {
            lock(&self.0).timers.push((name.to_owned(), options.duration));
        }
        next.run(input)
    }
}

/// The function name of steps that are sent commands.
pub(super) const SEND: &str = "send";

/// Returns the step of a command that was sent.
pub(super) fn sent(activity: &str, sent: &CommandToDispatch) -> Step {
    let command = bounded(sent.command.clone());
    Step {
        function: SEND.to_owned(),
        about: sent.name.clone(),
        event_id: sent.causation_id.clone(),
        answer: json!({"command": command, "idempotency_key": sent.idempotency_key, "by": activity,
            "metadata": sent.metadata}),
        ..Step::default()
    }
}
