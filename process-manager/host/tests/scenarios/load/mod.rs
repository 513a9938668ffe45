//! Many events: over many instances while the worker is killed, to one instance, and to a parked instance.
#![expect(clippy::print_stdout, reason = "how long it takes is told beside the outcome")]

mod bounded;
mod killed;
mod parked;
mod runs;
mod tally;
