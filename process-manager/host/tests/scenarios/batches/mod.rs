//! B01–B13: batches, on a server.

mod kept;
mod owned;
mod receiver;
mod steered;
mod whole;
mod world;
