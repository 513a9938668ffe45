//! What the benches share: tables in Markdown, and what processes use.

mod table;
mod usage;

pub use table::{Table, each, exact, float, memory, milliseconds, rate, seconds, whole};
pub use usage::{Both, Usage, Used};
