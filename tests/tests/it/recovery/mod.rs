//! Everything is ended in the middle of open processes, and started again on its data.

mod everything;
mod stack;
