//! Starts the voiding process: the one start that the api and the worker share, so that it is the same whoever comes
//! first.

use messages::voiding::VoidingInput;
use process_manager_host::start::{ProcessStart, StartError, Started, start_process};
use temporalio_client::Client;
use workflows::voiding::{DocumentVoiding, TASK_QUEUE, start_attributes, summary, workflow_id};

/// Starts the voiding of the input's document, unless one runs or has completed.
///
/// To start it twice, or at the same time from two programs, is the same as once. No worker needs to run. The start
/// carries no memo: until the workflow has written one, the search attributes say all that is known.
///
/// # Errors
/// Temporal is unavailable, or rejects the start. Returns within 8 s in any case.
pub async fn start_voiding(client: &Client, input: &VoidingInput) -> Result<Started, StartError> {
    let start = ProcessStart {
        workflow_id: workflow_id(&input.document_id),
        task_queue: TASK_QUEUE.to_owned(),
        summary: summary(&input.document_id),
        search_attributes: start_attributes(input),
    };
    start_process(client, &DocumentVoiding::run, input, start).await
}
