//! The workflow `DocumentVoiding`: connects the state machine to activities and signals.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use std::fmt;

use chrono::{DateTime, Utc};
use messages::{
    billing::{self, DocumentVoidingCommand},
    reports::DocumentMarking,
    voiding::{VoidingInput, VoidingView},
};
use process_manager_engine::{
    failed, now,
    send::{Sender, send_until_answered},
    signals,
};
use temporalio_common::{data_converters::RawValue, error::ApplicationFailure};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};

use super::{
    activity_defs::{BillingCommands, ReportsCommands, RequestVoiding},
    document_id, failure_type,
    publish::{self, withdraw},
    state::{Command, Ignored, InvalidTransition, Next, Opened, Outcome, Voiding},
};

/// Voids one document: Reports marks it, then Billing completes or aborts.
#[workflow]
pub struct DocumentVoiding {
    voiding: Result<Voiding, String>,
    published: Option<VoidingView>,
}

#[workflow_methods]
impl DocumentVoiding {
    /// Reads the input. An invalid one ends the run in [`Self::run`]; it must not fail the workflow task.
    #[init]
    pub fn new(ctx: &WorkflowContextView, input: RawValue) -> Self {
        let at = ctx.start_time().map(DateTime::from).unwrap_or_default();
        let voiding = read_input(ctx.workflow_id(), &input).map(|input| Voiding::new(input, at));
        Self { voiding, published: None }
    }

    /// Follows the state machine until it ends.
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<VoidingView> {
        if let Some(why) = ctx.state(|run| run.voiding.as_ref().err().cloned()) {
            withdraw(ctx);
            return Err(failed(failure_type::INVALID_INPUT, why));
        }
        loop {
            match ctx.state(|run| run.voiding().next()) {
                Next::Send(command) => dispatch(ctx, command).await?,
                Next::Wait => {
                    Self::publish(ctx);
                    ctx.wait_condition(|run| run.voiding().next() != Next::Wait).await?;
                }
                Next::End(outcome) => return end(ctx, outcome),
            }
        }
    }

    /// Acknowledges the current failure or refused completion, for an operator.
    #[signal]
    pub fn acknowledge_failure(&mut self, ctx: &mut SyncWorkflowContext<Self>, input: RawValue) {
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

    /// Returns the view if it differs from the published one, and takes it as published.
    fn unpublished(&mut self) -> Option<VoidingView> {
        let view = self.voiding().view();
        if self.published.as_ref() == Some(&view) {
            return None;
        }
        self.published = Some(view.clone());
        Some(view)
    }

    /// Applies a transition. An invalid one is a bug, and ends the run visibly.
    fn transition(
        ctx: &WorkflowContext<Self>,
        transition: impl FnOnce(Voiding) -> Result<Voiding, InvalidTransition>,
    ) -> Result<(), WorkflowTermination> {
        ctx.state_mut(|run| {
            let next = transition(run.voiding().clone())
                .map_err(|error| WorkflowTermination::failed_application(ApplicationFailure::non_retryable(error)))?;
            run.voiding = Ok(next);
            Ok(())
        })
    }

    fn signalled(&mut self, signal: &'static str, transition: impl FnOnce(&Voiding) -> Result<Voiding, Ignored>) {
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
        self.voiding = self.voiding.clone().map(|voiding| voiding.stalled(detail, at));
    }
}

fn read_input(workflow_id: &str, raw: &RawValue) -> Result<VoidingInput, String> {
    let object = match signals::optional_object(raw) {
        Ok(Some(object)) => object,
        Ok(None) => return Err("the input is missing; expected {\"document_id\": …}".to_owned()),
        Err(why) => return Err(format!("the input is {why}; expected {{\"document_id\": …}}")),
    };
    let input: VoidingInput =
        serde_json::from_value(object.into()).map_err(|error| format!("the input is invalid: {error}"))?;
    if document_id(workflow_id).as_ref() != Some(&input.document_id) {
        return Err(format!("the workflow id must be {}", super::workflow_id(&input.document_id)));
    }
    Ok(input)
}

async fn dispatch(ctx: &WorkflowContext<DocumentVoiding>, command: Command) -> Result<(), WorkflowTermination> {
    let document_id = ctx.state(|run| run.voiding().document_id().clone());
    let summary = format!("{} {document_id}", command.name());
    let billing =
        |Opened { process_id, .. }: Opened| DocumentVoidingCommand { document_id: document_id.clone(), process_id };
    let reports = |Opened { process_id, customer_id }: Opened| DocumentMarking {
        document_id: document_id.clone(),
        customer_id,
        process_id,
    };
    let answer = match command.clone() {
        Command::VoidDocument => {
            let idempotency_key = ctx.uuid4();
            let input =
                RequestVoiding { command: billing::VoidDocument { document_id: document_id.clone() }, idempotency_key };
            let answer = send_until_answered(ctx, || BillingCommands::void_document, input, summary).await?;
            let answer = answer.map(|opened| Opened { process_id: opened.process_id, customer_id: opened.customer_id });
            return DocumentVoiding::transition(ctx, |voiding| voiding.requested(answer));
        }
        Command::MarkDocumentAsVoided(to) => {
            let answer =
                send_until_answered(ctx, || ReportsCommands::mark_document_as_voided, reports(to), summary).await?;
            return DocumentVoiding::transition(ctx, |voiding| voiding.marked(answer, now(ctx)));
        }
        Command::CompleteDocumentVoiding(to) => {
            send_until_answered(ctx, || BillingCommands::complete_document_voiding, billing(to), summary).await?
        }
        Command::AbortDocumentVoiding(to) => {
            send_until_answered(ctx, || BillingCommands::abort_document_voiding, billing(to), summary).await?
        }
        Command::UnmarkDocumentAsVoided(to) => {
            send_until_answered(ctx, || ReportsCommands::unmark_document_as_voided, reports(to), summary).await?
        }
        Command::CloseDocumentVoiding(to) => {
            send_until_answered(ctx, || BillingCommands::close_document_voiding, billing(to), summary).await?
        }
    };
    DocumentVoiding::transition(ctx, |voiding| voiding.answered(&command, answer, now(ctx)))
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
