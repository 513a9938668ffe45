//! What a process manager decides, step by step, for comparing two versions of its code.
//!
//! [`Observed`] takes the place of a process manager wherever one runs, such as in a replay, and decides as it does.
//! Each decision is recorded as a [`Step`] while [`recorded`] collects them. The module `upgrade` of the crate
//! `process-manager-host` compares them with those of other code.

mod observed;
mod step;
mod words;

pub use self::{
    observed::Observed,
    step::{Step, note, recorded},
    words::bounded,
};
