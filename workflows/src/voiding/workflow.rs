//! The workflow `DocumentVoiding`: connects the state machine to activities and signals.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use std::{convert::Infallible, fmt};

use chrono::{DateTime, Utc};
use messages::voiding::{VoidingInput, VoidingView};
use process_manager_engine::{failed, is_too_long, now, send::Sender, signals};
use temporalio_common::{data_converters::RawValue, error::ApplicationFailure};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};

use super::{
    begin::{Begin, Carried},
    dispatch::{Answered, dispatch},
    failure_type,
    publish::{self, withdraw},
    state::{Command, Ignored, Next, Outcome, Voiding},
};

/// Voids one document: Reports marks it, then Billing completes or aborts.
#[workflow]
pub struct DocumentVoiding {
    voiding: Result<Voiding, String>,
    published: Option<VoidingView>,
    /// Whether a signal has arrived since the last check of the history's length, with or without an effect.
    awake: bool,
    /// Whether the command under way was already stalled in the previous run.
    was_stalled: bool,
    /// Idempotency key of VoidDocument, while that is under way.
    void_document_key: Option<String>,
}

#[workflow_methods]
impl DocumentVoiding {
    /// Reads the input. An invalid one ends the run in [`Self::run`]; it must not fail the workflow task.
    #[init]
    pub fn new(ctx: &WorkflowContextView, input: RawValue) -> Self {
        let at = ctx.start_time().map(DateTime::from).unwrap_or_default();
        let begin = Begin::read(ctx, &input);
        let carried = begin.as_ref().ok().and_then(|begin| begin.carried.clone());
        let void_document_key = carried.as_ref().and_then(|carried| carried.void_document_key.clone());
        let voiding =
            begin.map(|begin| carried.map_or_else(|| Voiding::new(begin.input, at), |carried| carried.voiding));
        let was_stalled = voiding.as_ref().is_ok_and(Voiding::is_stalled);
        Self { voiding, published: None, awake: false, was_stalled, void_document_key }
    }

    /// Follows the state machine until it ends.
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<VoidingView> {
        if let Some(why) = ctx.state(|run| run.voiding.as_ref().err().cloned()) {
            withdraw(ctx);
            return Err(failed(failure_type::INVALID_INPUT, why));
        }
        loop {
            let next = ctx.state(|run| run.voiding().next());
            if let Next::End(outcome) = next {
                return end(ctx, outcome);
            }
            if Self::must_hand_over(ctx) {
                match continue_as_new(ctx)? {}
            }
            match next {
                Next::Send(command) => {
                    match Self::answer_to(ctx, command.clone()).await? {
                        Some(answer) => Self::answered(ctx, &command, answer)?,
                        None => match continue_as_new(ctx)? {},
                    }
                    ctx.state_mut(|run| run.was_stalled = false);
                }
                Next::Wait | Next::End(_) => {
                    Self::publish(ctx);
                    // A signal with an unknown name wakes nothing. It shows only in the length of the history.
                    let length = ctx.history_length();
                    let has_grown = || ctx.history_length() > length && is_too_long(ctx);
                    ctx.wait_condition(|run| run.awake || has_grown()).await?;
                }
            }
        }
    }

    /// Acknowledges the current failure or refused completion, for an operator.
    #[signal]
    pub fn acknowledge_failure(&mut self, ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        self.awake = true;
        let at = ctx.workflow_time().map(DateTime::from).unwrap_or_default();
        match signals::acknowledgement(&input) {
            Ok(signal) => self.signalled("acknowledge_failure", |voiding| voiding.acknowledge(signal, at)),
            Err(why) => self.ignored("acknowledge_failure", &why),
        }
    }

    /// Retries the refused command, for an operator.
    #[signal]
    pub fn retry(&mut self, _ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
        let failure_id = signals::retry(&input);
        self.signalled("retry", |voiding| voiding.retry(failure_id.as_deref()));
    }

    /// Lets a waiting run ask Billing whether its process is closed, because the document has another open process.
    #[signal]
    pub fn recheck(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _input: RawValue) {
        self.signalled("recheck", Voiding::recheck);
    }

    /// Returns the state of the process.
    #[query]
    pub fn state(&self, _ctx: &WorkflowContextView) -> Option<VoidingView> {
        self.voiding.as_ref().ok().map(Voiding::view)
    }
}

impl DocumentVoiding {
    fn voiding(&self) -> &Voiding {
        match &self.voiding {
            Ok(voiding) => voiding,
            Err(why) => unreachable!("a run with an invalid input ends at once: {why}"),
        }
    }

    /// Returns the view if it differs from the published one, and records it as published.
    fn unpublished(&mut self) -> Option<VoidingView> {
        let view = self.voiding().view();
        if self.published.as_ref() == Some(&view) {
            return None;
        }
        self.published = Some(view.clone());
        Some(view)
    }

    async fn answer_to(ctx: &WorkflowContext<Self>, command: Command) -> Result<Option<Answered>, WorkflowTermination> {
        let document_id = ctx.state(|run| run.voiding().document_id().clone());
        // A run that continues this one uses the same key.
        let key = || {
            let known = ctx.state(|run| run.void_document_key.clone());
            let key = known.unwrap_or_else(|| ctx.uuid4());
            ctx.state_mut(|run| run.void_document_key = Some(key.clone()));
            key
        };
        dispatch(ctx, document_id, command, key).await
    }

    /// Applies the answer to a command. An answer to a command that is not under way is a bug, and ends the run
    /// visibly.
    fn answered(ctx: &WorkflowContext<Self>, command: &Command, answer: Answered) -> Result<(), WorkflowTermination> {
        let at = now(ctx);
        ctx.state_mut(|run| {
            let voiding = run.voiding().clone();
            let next = match answer {
                Answered::Requested(answer) => {
                    run.void_document_key = None;
                    voiding.requested(answer)
                }
                Answered::Marked(answer) => voiding.marked(answer, at),
                Answered::Other(answer) => voiding.answered(command, answer, at),
            };
            let failed = |error| WorkflowTermination::failed_application(ApplicationFailure::non_retryable(error));
            run.voiding = Ok(next.map_err(failed)?);
            Ok(())
        })
    }

    fn signalled(&mut self, signal: &'static str, transition: impl FnOnce(&Voiding) -> Result<Voiding, Ignored>) {
        self.awake = true;
        let Ok(voiding) = &mut self.voiding else { return };
        match transition(voiding) {
            Ok(next) => *voiding = next,
            Err(why) => self.ignored(signal, &why),
        }
    }

    fn ignored(&self, signal: &'static str, why: &dyn fmt::Display) {
        let Ok(VoidingView { process_id, document_id, .. }) = self.voiding.as_ref().map(Voiding::view) else { return };
        let correlation_id = process_id.map_or_else(|| "-".to_owned(), String::from);
        tracing::info!(correlation_id, %document_id, signal, %why, "a signal is ignored");
    }
}

impl Sender for DocumentVoiding {
    /// Billing and Reports remember the refusals of a process.
    const RECORDS_REFUSALS: bool = false;

    fn publish(ctx: &WorkflowContext<Self>) {
        if let Some(view) = ctx.state_mut(Self::unpublished) {
            publish::publish(ctx, view);
        }
    }

    fn stalled(&mut self, detail: String, at: DateTime<Utc>) {
        // The incident of the previous run goes on, with its id.
        if !self.was_stalled {
            self.voiding = self.voiding.clone().map(|voiding| voiding.stalled(detail, at));
        }
    }

    fn has_news(&self) -> bool {
        self.awake
    }

    /// A run that began under older code may already be longer than the limit. Its replay must not end where that code
    /// went on. So each length has its own patch: the history contains only the one at which the run continues as new.
    fn must_hand_over(ctx: &WorkflowContext<Self>) -> bool {
        ctx.state_mut(|run| run.awake = false);
        is_too_long(ctx) && ctx.patched(&format!("continue-as-new-after-{}", ctx.history_length()))
    }
}

/// Begins the next run with the whole state of this one.
fn continue_as_new(ctx: &WorkflowContext<DocumentVoiding>) -> Result<Infallible, WorkflowTermination> {
    DocumentVoiding::publish(ctx);
    let begin = ctx.state(|run| {
        let voiding = run.voiding().clone();
        let VoidingView { document_id, customer_id, process_id, .. } = voiding.view();
        let carried = Carried { voiding, void_document_key: run.void_document_key.clone() };
        Begin { input: VoidingInput { document_id, customer_id, process_id }, carried: Some(carried) }
    });
    let input = RawValue::from_value(&begin, ctx.payload_converter());
    ctx.continue_as_new(input, ContinueAsNewOptions::default())
}

fn end(ctx: &WorkflowContext<DocumentVoiding>, outcome: Outcome) -> WorkflowResult<VoidingView> {
    if let Outcome::VoidDocumentRefused(refusal) = outcome {
        withdraw(ctx);
        return Err(failed(failure_type::VOID_DOCUMENT_REFUSED, refusal.to_string()));
    }
    DocumentVoiding::publish(ctx);
    let acknowledged = "an operator acknowledged the failure; the document stays issued";
    match outcome {
        Outcome::FailureAcknowledged => Err(failed(failure_type::FAILURE_ACKNOWLEDGED, acknowledged.to_owned())),
        Outcome::ProcessClosed => {
            Err(failed(failure_type::PROCESS_CLOSED, "Billing has closed this process, or never opened it".to_owned()))
        }
        Outcome::DocumentVoided | Outcome::VoidDocumentRefused(_) => Ok(ctx.state(|run| run.voiding().view())),
    }
}
