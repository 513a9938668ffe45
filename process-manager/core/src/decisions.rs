//! What a process manager decides, step by step: for comparing two versions of its code.
//!
//! [`Observed`] takes the place of a process manager where one is run, such as in a replay, and decides as it does. Each
//! decision is noted as a [`Step`], as long as somebody asks for them by [`recorded`]. The crate `process-manager-host`
//! compares them with those of other code, see its module `upgrade`.

mod observed;
mod step;
mod words;

pub use self::{
    observed::Observed,
    step::{Step, note, recorded},
    words::bounded,
};
