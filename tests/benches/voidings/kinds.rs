//! The kinds of workflows that a voiding is compared with.

use messages::{
    DocumentId, TransferId,
    billing::{DocumentVoiding, DocumentVoidingCommand},
    reports::DocumentMarking,
};
use process_manager::manager::{ProcessManager, Retry};
use process_manager_engine::{failed, policy};
use serde::{Deserialize, Serialize};
use temporalio_common::{
    ActivityDefinition,
    data_converters::{RawValue, TemporalDeserializable},
};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowResult, WorkflowTermination};
use tests::transfer_workflow_id;
use transfers::TransferMoney;
use workflows::voiding::{
    WORKFLOW_TYPE,
    activity_defs::{BillingCommands, ReportsCommands},
    workflow_id,
};

/// A type of workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Ends at once: the cost of the server and the SDK.
    Empty,
    /// The commands of a voiding as regular activities, and nothing else.
    Regular,
    /// The real voiding.
    Voiding,
    /// The real voiding, which asks Billing for its process.
    Alone,
    /// The money transfer, which only the subscription starts.
    Transfer,
}

impl Kind {
    pub(crate) fn workflow_type(self) -> &'static str {
        match self {
            Self::Empty => Empty::name(),
            Self::Regular => Regular::name(),
            Self::Voiding | Self::Alone => WORKFLOW_TYPE,
            Self::Transfer => TransferMoney::NAME,
        }
    }

    pub(crate) fn workflow_id(self, number: usize) -> String {
        let id = document_id(number);
        match self {
            Self::Voiding | Self::Alone => workflow_id(&id),
            Self::Transfer => transfer_workflow_id(&transfer_id(number)),
            _ => format!("{}-{id}", self.workflow_type()),
        }
    }
}

/// Returns the document with this number, as written to the databases by `real`.
pub(crate) fn document_id(number: usize) -> DocumentId {
    format!("doc-{number:032}").parse().unwrap()
}

/// Returns the money transfer with this number.
pub(crate) fn transfer_id(number: usize) -> TransferId {
    format!("tra-{number:032}").parse().unwrap()
}

/// Returns a process that Billing has opened.
pub(crate) fn voiding(number: usize) -> DocumentVoiding {
    DocumentVoiding {
        document_id: document_id(number),
        customer_id: format!("cus-{number:032}").parse().unwrap(),
        process_id: format!("pro-{number:032}").parse().unwrap(),
    }
}

/// Ends at once. Has the same input as the others.
#[workflow]
#[derive(Debug, Default)]
pub(crate) struct Empty;

#[workflow_methods]
impl Empty {
    #[run]
    pub(crate) async fn run(_ctx: &mut WorkflowContext<Self>, _input: RawValue) -> WorkflowResult<()> {
        Ok(())
    }
}

/// Runs MarkDocumentAsVoided, then CompleteDocumentVoiding, each as a regular activity.
#[workflow]
#[derive(Debug, Default)]
pub(crate) struct Regular;

#[workflow_methods]
impl Regular {
    #[run]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, voiding: DocumentVoiding) -> WorkflowResult<()> {
        let DocumentVoiding { document_id, customer_id, process_id } = voiding;
        let marking = DocumentMarking { document_id: document_id.clone(), customer_id, process_id: process_id.clone() };
        execute(ctx, ReportsCommands::mark_document_as_voided, marking).await?;
        let completion = DocumentVoidingCommand { document_id, process_id };
        execute(ctx, BillingCommands::complete_document_voiding, completion).await
    }
}

/// Runs an activity with the options of a voiding's durable activities.
async fn execute<D>(ctx: &WorkflowContext<Regular>, activity: D, input: D::Input) -> Result<(), WorkflowTermination>
where
    D: ActivityDefinition,
    D::Output: TemporalDeserializable,
{
    let options = policy::durable(policy::ATTEMPT, Retry::FOREVER, activity.name().to_owned());
    let outcome = ctx.execute_activity(activity, input, options).await;
    outcome.map(drop).map_err(|error| failed("Bench", error.to_string()))
}
