//! Runs one instance of a process manager as a workflow, generic over the process manager.

mod begin;
mod clock;
mod cut;
mod dispatch;
mod fetch;
mod length;
mod publish;
mod run;
mod workflow;

pub use self::{
    begin::{Begin, Carried, EndedRun},
    clock::timer_name,
    run::{FinalRecord, failure_type},
    workflow::{
        AcknowledgeSignal, CarriedQuery, DeliverSignal, HandledAnswer, HandledUpTo, HandledUpdate, IS_PARKED,
        InstructSignal, PARKED, ProcessInstance, RetrySignal, RunInstance, StateQuery, workflow_id,
    },
};
