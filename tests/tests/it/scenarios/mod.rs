//! The scenarios of the process-manager library, one test each, named after its id. On a real Temporal server, with the
//! library's own test kit.

mod load;
mod probe;
mod routing;
mod world;
