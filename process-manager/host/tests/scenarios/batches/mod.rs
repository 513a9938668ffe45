//! B01–B13: batches, on a server.

mod ended;
mod kept;
mod owned;
mod receiver;
mod steered;
mod whole;
mod world;
