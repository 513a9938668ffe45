//! Shared parts of the benches: sizes, tables in Markdown, JSON lines, resource usage, and requests to Temporal.

mod lines;
mod machine;
mod requests;
mod table;
mod usage;
mod variables;

pub use lines::Lines;
pub use machine::Machine;
pub use requests::Requests;
pub use table::{Table, each, exact, float, memory, milliseconds, rate, seconds, whole};
pub use usage::{Both, Moment, Usage, Used};
pub use variables::{chosen, number, numbers, of_programs, variable};
