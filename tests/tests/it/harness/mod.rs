//! The harness's own pieces do what the other tests count on.

mod postgres;
mod proxy;
mod supervision;
mod temporal;
