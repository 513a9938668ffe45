//! Continues batches whose runs were ended from outside.

use chrono::{DateTime, Utc};
use process_manager::{batch::BatchState, limits::cut};
use process_manager_engine::batch::{BeginBatch, WORKFLOW_TYPE};
use temporalio_client::Client;

use super::{
    Continued, Ended, EndedError, Unreadable, carried, history, is_latest,
    start::{Next, payload, start},
};

/// Continues the batch after this run, unless the run left nothing to do or is no longer the latest one. The batch is
/// paused until an operator decides. Commands that were sent before are accepted again under their keys.
pub(super) async fn continue_run(
    client: &Client,
    task_queue: &str,
    ended: &Ended,
    unreadable: Unreadable,
) -> Result<Continued, EndedError> {
    if !is_latest(client, WORKFLOW_TYPE, ended).await? {
        return Ok(Continued::Followed);
    }
    let how = history::tail(client, ended).await?.how(ended.status);
    let (mut state, how) = match carried::<BatchState>(client, ended).await {
        Err(EndedError::Unreadable(why)) if unreadable == Unreadable::GoesOnFromItsBegin => {
            let how = format!("{how}; its state cannot be read ({}), so it is as when that run began", cut(why));
            (from_its_begin(client, ended).await?, how)
        }
        read => (read?, how),
    };
    if state.is_over() {
        return Ok(Continued::Over);
    }
    state.ended_from_outside(how, ended.at);
    let (begun, progress) = (state.start(), state.progress());
    let next = Next {
        workflow_id: ended.workflow_id.clone(),
        workflow_type: WORKFLOW_TYPE,
        process_id: ended.workflow_id.clone(),
        summary: format!("{} {}", begun.name, begun.id),
        published: Some(payload(&progress)?),
        subject: None,
        after: ended.run_id.clone(),
        input: payload(&BeginBatch::Carried { carried: Box::new(state) })?,
    };
    let goes_on = is_latest(client, WORKFLOW_TYPE, ended).await? && start(client, task_queue, next).await?;
    Ok(if goes_on { Continued::Parked } else { Continued::Followed })
}

/// Returns the batch as it was when the ended run began.
async fn from_its_begin(client: &Client, ended: &Ended) -> Result<BatchState, EndedError> {
    let (input, began): (Option<BeginBatch>, DateTime<Utc>) = history::input(client, ended).await?;
    match input.ok_or(EndedError::Input)? {
        BeginBatch::Carried { carried } => Ok(*carried),
        BeginBatch::Start(start) if start.workflow_id() == ended.workflow_id => Ok(BatchState::new(start, began)),
        BeginBatch::Start(_) => Err(EndedError::Input),
    }
}
