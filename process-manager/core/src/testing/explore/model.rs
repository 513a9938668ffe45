//! Everything that may happen: the services, events from outside, and what may go wrong.

use chrono::{DateTime, Utc};
use process_manager_wire::{CloudEvent, Position};
use serde::Serialize;
use serde_json::Value;

use super::Seen;
use crate::{
    manager::{Metadata, ProcessManager, Refusal},
    testing::run::recorded,
};

/// A service that takes a command: returns the events that it records, or why it refuses.
pub(super) type CarryOut<M, W> = dyn Fn(&mut W, &<M as ProcessManager>::Command) -> Carried<M>;
pub(super) type Carried<M> = Result<Vec<<M as ProcessManager>::Event>, Refusal>;

type Happen<M, W> = dyn Fn(&mut W) -> Vec<<M as ProcessManager>::Event>;
type Holds<M, W> = dyn Fn(&Seen<'_, M, W>) -> bool;
/// Sets the metadata of an event.
type Tell<M> = dyn Fn(&<M as ProcessManager>::Event, &mut Metadata);
type Which<T> = dyn Fn(&T) -> bool;

/// Something that happens outside the processes, and the events that are then recorded.
pub(super) struct Happening<M: ProcessManager, W> {
    pub(super) name: String,
    pub(super) happen: Box<Happen<M, W>>,
}

/// A refusal that may come even if the services would accept.
pub(super) struct MayRefuse<M: ProcessManager> {
    pub(super) code: String,
    pub(super) which: Box<Which<M::Command>>,
}

/// An invariant, by name.
pub(super) struct Invariant<M: ProcessManager, W> {
    pub(super) name: String,
    pub(super) holds: Box<Holds<M, W>>,
}

pub(super) struct Model<M: ProcessManager, W> {
    pub(super) world: W,
    pub(super) carry_out: Box<CarryOut<M, W>>,
    pub(super) refusals: Vec<MayRefuse<M>>,
    /// Sequences, each in its own order.
    pub(super) outside: Vec<Vec<Happening<M, W>>>,
    pub(super) instructions: Vec<M::Event>,
    pub(super) metadata: Box<Tell<M>>,
    pub(super) is_repeated: Box<Which<M::Event>>,
    pub(super) always: Vec<Invariant<M, W>>,
    pub(super) at_rest: Vec<Invariant<M, W>>,
    pub(super) settings: Value,
    pub(super) troubles: u32,
    pub(super) decisions: u32,
    pub(super) serialize: fn(&M::Event, DateTime<Utc>) -> CloudEvent,
}

impl<M, W> Model<M, W>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    pub(super) fn new(world: W, carry_out: Box<CarryOut<M, W>>) -> Self {
        Self {
            world,
            carry_out,
            refusals: Vec::new(),
            outside: Vec::new(),
            instructions: Vec::new(),
            metadata: Box::new(|_, _| ()),
            is_repeated: Box::new(|_| false),
            always: Vec::new(),
            at_rest: Vec::new(),
            settings: Value::Null,
            troubles: 2,
            decisions: 2,
            serialize: |event, now| recorded(event, 0, now),
        }
    }
}

impl<M: ProcessManager, W> Model<M, W> {
    /// Returns the event as it is in its log, after this many events of the log.
    pub(super) fn cloud_event(
        &self,
        event: &M::Event,
        now: DateTime<Utc>,
        behind: impl FnOnce(&str) -> Position,
    ) -> CloudEvent {
        let plain = (self.serialize)(event, now);
        let mut metadata = Metadata::from(&plain);
        (self.metadata)(event, &mut metadata);
        let position = behind(&metadata.log) + 1;
        CloudEvent {
            id: format!("event-{position}"),
            source: metadata.source,
            subject: metadata.subject,
            sequence: position,
            correlationid: metadata.correlation_id,
            causationid: metadata.causation_id,
            logid: metadata.log,
            ..plain
        }
    }
}
