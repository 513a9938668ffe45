//! Programs that die, or are stopped, while documents are voided, and are started again.

mod everything;
mod following;
mod killed;
mod stack;
mod steps;
mod stopped;
