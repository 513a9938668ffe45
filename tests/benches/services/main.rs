//! What a service and the api add to what is below them, in the same run: `cargo bench -p tests --bench services [--
//! commands log api]`.
//!
//! `commands` issues documents at Billing over HTTP, each with its own idempotency key. Beside it, a plain loop of this
//! program commits the same rows (an event, a document, a key with its answer) to its own database of the same form: on
//! SQLite with the same pragmas through one writer, on PostgreSQL with as many connections. `log` reads pages of `GET
//! /events`, beside a `SELECT` of the same rows. `api` asks `GET /livez` and `GET /voidings/{id}`, beside the one
//! question to Temporal that the latter asks.
//!
//! `BENCH_AT_ONCE=1,10,50` sets how many are in flight, `BENCH_COMMANDS=2000` the commands per round (a fifth of them
//! one at a time), `BENCH_ROUNDS=3` the rounds, in which both sides alternate, `BENCH_READS=20000` the events to read,
//! `BENCH_REQUESTS=5000` the requests to the api, `BENCH_DATABASES=sqlite,postgres` the databases. The clients are in
//! this program, on the same machine. PostgreSQL has its default settings: a commit waits for the disk. Each service is
//! the real program, without proxies.
#![expect(clippy::unwrap_used, reason = "a bench ends where a step fails")]

mod api;
mod bare;
mod billing;
mod commands;
mod load;
mod log;

use tests::bench::{Lines, chosen, numbers, variable};

use crate::billing::Kind;

#[tokio::main]
async fn main() {
    let at_once = numbers("BENCH_AT_ONCE", "1,10,50");
    let kinds: Vec<Kind> = variable("BENCH_DATABASES", "sqlite,postgres").split(',').filter_map(Kind::named).collect();
    let lines = Lines::begin("services");
    for name in chosen(&["commands", "log", "api"]) {
        match name {
            "commands" => commands::run(&kinds, &at_once, &lines).await,
            "log" => log::run(&kinds, &lines).await,
            _ => api::run(&at_once, &lines).await,
        }
    }
}
