//! Signals to a process, in any shape and at any time, and an operator who has only the `temporal` command.

mod by_cli;
mod early;
mod flood;
mod parallel;
pub(crate) mod shapes;
