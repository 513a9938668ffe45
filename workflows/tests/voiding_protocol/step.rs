//! The steps of the system and of the persons, and the faults.

use crate::{
    billing::Process,
    machine::{Command, Meant},
};

/// A step. A `usize` is the number of a run, a `u8` that of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A client's VoidDocument arrives at Billing, for the first time or again.
    Request(usize),
    /// An operator starts a run with the document alone.
    Ask,
    /// The VoidDocument of that run arrives, although nobody waits for it any more.
    RequestOfTheRun,
    /// The api's start of a process arrives at Temporal.
    Start(Process),
    /// The subscription delivers the next event of Billing's log.
    Deliver,
    /// The subscription dies before the start has arrived.
    DeliverInVain,
    /// The subscription delivers an event again.
    DeliverAgain(Process),
    Sweep,
    /// Reports hears that the document was issued.
    Learn,
    Publish,
    /// The run's command takes effect, and the run receives the answer.
    Answer(usize),
    /// The run's command is sent; no answer arrives.
    Send(usize),
    /// A command that was sent arrives, for the first time or again, and nobody receives the answer.
    Arrive(Command, Process),
    /// The run's command is refused, by no rule of the protocol.
    Refuse(usize),
    Stall(usize),
    /// The workflow task is recorded.
    Record(usize),
    /// The worker dies within a workflow task.
    Crash(usize),
    Terminate(usize),
    Acknowledge(usize, Meant),
    Retry(usize),
    ByHand(Command, Process),
}
