//! The scenarios of the process-manager library, one test each, named after its id. On a real Temporal server, with the
//! library's own test kit.

mod beyond;
mod envelopes;
mod handling;
mod load;
mod operators;
mod probe;
mod routing;
mod subscription;
mod versions;
mod world;
