//! Many events: over many instances while the worker is killed, to one instance, and to one that is parked.

mod bounded;
mod killed;
mod parked;
mod runs;
mod tally;
