//! The workflow `BatchFailures`: keeps a page of failed items until they are retried or their batch has ended.
//!
//! Its input is the page, so anyone can read it from the first event without a worker. The workflow stays open: items
//! that an operator still has to look at must not disappear with the server's retention of ended workflows.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use process_manager::batch::FailedItem;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult};

use crate::failed;

/// Keeps a page of failed items.
#[workflow]
pub struct BatchFailures {
    items: Result<Vec<FailedItem>, String>,
    is_released: bool,
}

#[workflow_methods]
impl BatchFailures {
    /// Reads the input. A bad one ends the run.
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: RawValue) -> Self {
        let items = match input.payloads.as_slice() {
            [payload] => serde_json::from_slice(&payload.data).map_err(|error| error.to_string()),
            _ => Err("the input is missing".to_owned()),
        };
        Self { items, is_released: false }
    }

    /// Waits for the signal `release`.
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        if let Some(why) = ctx.state(|it| it.items.as_ref().err().cloned()) {
            return Err(failed("InvalidInput", why));
        }
        ctx.wait_condition(|it| it.is_released).await?;
        Ok(())
    }

    /// Ends the workflow: nobody needs the page any more.
    #[signal]
    pub fn release(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _input: RawValue) {
        self.is_released = true;
    }

    /// Returns the failed items.
    #[query]
    pub fn failed(&self, _ctx: &WorkflowContextView) -> Vec<FailedItem> {
        self.items.clone().unwrap_or_default()
    }
}
