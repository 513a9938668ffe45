//! The harness's own parts do what the other tests rely on.

mod postgres;
mod proxy;
mod supervision;
mod temporal;
