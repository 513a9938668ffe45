//! Sends the command of one item until it is answered.

use std::time::Duration;

use process_manager::{
    batch::{Batch, Chunk, FAILURE_DETAIL_CHARS, FailedItem},
    limits::cut_to,
    manager::Refusal,
};
use process_manager_client::{
    Backoff,
    http::{Envelope, traceparent},
};
use process_manager_wire::{error_chain, headers};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{DispatchError, Dispatcher};

/// The time limit of one attempt.
const ATTEMPT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const CODE_CHARS: usize = 100;

/// The answer to an item's command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    Settled,
    Failed(FailedItem),
    /// It had a fault when the chunk had to end; the next chunk sends it again, with the same key.
    None,
}

/// How the commands of a chunk are sent.
pub(super) struct Sending<'a, B: Batch, D> {
    pub(super) dispatcher: &'a D,
    pub(super) chunk: &'a Chunk,
    pub(super) input: &'a B::Input,
    pub(super) fault: &'a watch::Sender<Option<String>>,
    /// Cancelled when the chunk has to end: faults are then not retried.
    pub(super) ends: &'a CancellationToken,
}

impl<B: Batch, D: Dispatcher<B::Command>> Sending<'_, B, D> {
    /// Sends the command of an item; faults are retried without end, with the same key.
    pub(super) async fn send(&self, id: String, item: B::Item) -> (String, Answer) {
        let command = match self.chunk.undoes {
            true => B::undo(self.input, &item),
            false => Some(B::command(self.input, &item)),
        };
        let Some(command) = command else { return (id, Answer::Settled) };
        let envelope = self.envelope(&id);
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let why = match timeout(ATTEMPT, self.dispatcher.dispatch(&command, &envelope)).await {
                Ok(Ok(())) => return (id, Answer::Accepted),
                Ok(Err(DispatchError::Refused(problem))) => {
                    let answer = self.refused(&id, &item, Refusal { code: problem.code, detail: problem.detail });
                    return (id, answer);
                }
                Ok(Err(DispatchError::Impossible(why))) => {
                    let refusal = Refusal { code: "impossible".to_owned(), detail: why };
                    return (id.clone(), failed(id, &item, refusal));
                }
                Ok(Err(error)) => error_chain(&error),
                Err(_) => format!("no answer within {} s", ATTEMPT.as_secs()),
            };
            self.fault.send_replace(Some(cut_to(format!("{id}: {why}"), FAILURE_DETAIL_CHARS)));
            if self.ends.run_until_cancelled(backoff.wait()).await.is_none() {
                return (id, Answer::None);
            }
        }
    }

    fn refused(&self, id: &str, item: &B::Item, refusal: Refusal) -> Answer {
        if B::is_settled(&refusal) { Answer::Settled } else { failed(id.to_owned(), item, refusal) }
    }

    fn envelope(&self, id: &str) -> Envelope {
        let Chunk { name, id: batch, correlation_id, undoes, .. } = self.chunk;
        let parts = [name.as_str(), batch, id, "undo"];
        Envelope {
            idempotency_key: Some(headers::key(parts.into_iter().take(if *undoes { 4 } else { 3 }))),
            traceparent: Some(traceparent(&headers::fit(correlation_id))),
            correlation_id: Some(correlation_id.clone()),
            causation_id: Some(format!("{name}-{batch}")),
            ..Envelope::default()
        }
    }
}

fn failed<T: serde::Serialize>(id: String, item: &T, refusal: Refusal) -> Answer {
    let Refusal { code, detail } = refusal;
    let refusal = Refusal { code: cut_to(code, CODE_CHARS), detail: cut_to(detail, FAILURE_DETAIL_CHARS) };
    Answer::Failed(FailedItem { id, item: serde_json::to_value(item).unwrap_or_default(), refusal })
}
