//! Events that are in no log: operators' instructions, answers to questions, and events of batches.

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;
use serde_json::Value;

use super::{Delivery, INSTRUCTIONS, Instance, handle::decoded};
use crate::{
    batch::is_batch_log,
    limits::ANSWER_BYTES,
    manager::{Error, ProcessManager, RouteKind},
};

/// The log id of answers to questions.
const ANSWERS: &str = "answers";

/// Returns whether the event cannot be read again from a log: an instruction, an answer to a question, or an event of a
/// batch.
#[must_use]
pub fn stands_in_no_log(event: &CloudEvent) -> bool {
    event.logid == INSTRUCTIONS || is_told(event)
}

/// Returns whether the event is meant only for the instance that asked the question or started the batch.
fn is_told(event: &CloudEvent) -> bool {
    event.logid == ANSWERS || is_batch_log(&event.logid)
}

impl<M: ProcessManager> Instance<M> {
    /// Returns whether the event was meant for an instance that has ended, and begins none.
    pub(super) fn is_too_late(&self, event: &CloudEvent) -> bool {
        !self.started && if self.revision > 1 { stands_in_no_log(event) } else { is_told(event) }
    }

    /// Takes the answer to the current command, which is a question: the type and data of an event.
    pub fn answered_with(&mut self, kind: &str, data: Value, now: DateTime<Utc>) {
        let answer = self.told(ANSWERS, "/answers", kind, data, now);
        let bytes = answer.data.to_string().len();
        let unfit = if bytes > ANSWER_BYTES {
            Some(format!("{bytes} bytes, where at most {ANSWER_BYTES} are possible"))
        } else {
            decoded::<M>(&answer).err()
        };
        let unfit = unfit.or_else(|| {
            let is_taken = self.deliver(Delivery::new(answer, RouteKind::Continue));
            (!is_taken).then(|| "more answers cannot be counted".to_owned())
        });
        match unfit {
            Some(why) => self.answered(Err(Error::Dispatch(format!("the answer {kind} cannot be used: {why}"))), now),
            None => self.answered(Ok(()), now),
        }
    }

    /// Returns an event for this instance alone, the next one of its kind.
    pub(super) fn told(&self, log: &str, source: &str, kind: &str, data: Value, now: DateTime<Utc>) -> CloudEvent {
        let number = self.ledger.accepted(log).saturating_add(1);
        let id = format!("{}-{number}", log.trim_end_matches('s'));
        let cause = self.work.as_ref().map(|work| work.event());
        CloudEvent {
            specversion: "1.0".to_owned(),
            source: source.to_owned(),
            kind: kind.to_owned(),
            subject: self.id.clone(),
            time: now,
            datacontenttype: "application/json".to_owned(),
            sequence: number,
            correlationid: cause.map_or_else(|| self.id.clone(), |event| event.correlationid.clone()),
            causationid: cause.map_or_else(|| id.clone(), |event| event.id.clone()),
            logid: log.to_owned(),
            data,
            id,
        }
    }
}
