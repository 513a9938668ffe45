//! Instructions: events that an operator sends to one instance directly.

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;
use serde_json::Value;

use super::{Delivery, Instance, handle::decoded};
use crate::{
    limits::{INSTRUCTION_BYTES, MOST_INSTRUCTIONS},
    manager::{ProcessManager, RouteKind},
};

/// The log id of instructions. They are in no log; an instance counts them.
pub const INSTRUCTIONS: &str = "instructions";

/// The reason why an instruction is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The instance has not begun, or has ended.
    #[error("the instance has not begun, or has ended")]
    NotRunning,
    /// It is not an event of the process manager, or not one that an operator may send.
    #[error("{0}")]
    NoInstruction(String),
    /// It exceeds its size limit, or too many wait already.
    #[error("{0}")]
    TooMuch(String),
}

impl<M: ProcessManager> Instance<M> {
    /// Queues an instruction.
    ///
    /// # Errors
    /// [`Rejected`]; then nothing has changed.
    pub fn instruct(&mut self, kind: &str, data: Value, now: DateTime<Utc>) -> Result<(), Rejected> {
        if !self.started || self.ended.is_some() {
            return Err(Rejected::NotRunning);
        }
        let bytes = data.to_string().len();
        if bytes > INSTRUCTION_BYTES {
            return Err(Rejected::TooMuch(format!("{bytes} bytes, where at most {INSTRUCTION_BYTES} are possible")));
        }
        if self.inbox.count_of(INSTRUCTIONS) >= MOST_INSTRUCTIONS {
            return Err(Rejected::TooMuch(format!("{MOST_INSTRUCTIONS} instructions wait already")));
        }
        let event =
            CloudEvent { correlationid: self.id.clone(), ..self.told(INSTRUCTIONS, "/operators", kind, data, now) };
        let event = CloudEvent { causationid: event.id.clone(), ..event };
        let (decoded, _) = decoded::<M>(&event).map_err(Rejected::NoInstruction)?;
        if !M::is_instruction(&decoded) {
            return Err(Rejected::NoInstruction(format!("{kind} is no instruction of {}", M::NAME)));
        }
        if !self.deliver(Delivery::new(event, RouteKind::Continue)) {
            return Err(Rejected::TooMuch("more instructions cannot be counted".to_owned()));
        }
        Ok(())
    }
}
