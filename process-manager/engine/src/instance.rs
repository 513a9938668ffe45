//! Runs one instance of a process manager as a workflow, generic over the process manager.

mod begin;
mod dispatch;
mod fetch;
mod length;
mod publish;
mod run;
mod workflow;

pub use self::{
    begin::Begin,
    run::FinalRecord,
    workflow::{
        AcknowledgeSignal, DeliverSignal, HandledAnswer, HandledUpTo, HandledUpdate, ProcessInstance, RetrySignal,
        RunInstance, StateQuery, workflow_id,
    },
};
