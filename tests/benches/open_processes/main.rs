//! Memory and CPU time of the worker while many processes are open and nothing happens, and again after a restart:
//! `cargo bench -p tests --bench open_processes [-- worker stack]`.
//!
//! `worker` is the worker's program beside Contracts and a Temporal server; `stack` is `cargo run`, whose worker shares
//! one program with everything except Temporal. The open processes are confirmations of contracts that a credit change
//! has revoked; the next reminder of each is a week away. `BENCH_OPEN=0,1000` sets how many there are, one row each.
//! `BENCH_REST=60` sets for how many seconds the programs are watched at rest. Rest begins when worker and Temporal
//! have used less than `BENCH_REST_BELOW=10` % of a core for five seconds, and in any case after
//! `BENCH_REST_WITHIN=600` seconds. `BENCH_VARIABLES=MALLOC_ARENA_MAX=2,LD_PRELOAD=…` gives variables to the worker or
//! the stack.
#![expect(clippy::unwrap_used, reason = "a bench ends where a step fails")]

mod open;
mod rest;
mod system;

use std::time::Instant;

use serde::Serialize;
use tests::bench::{Lines, Table, chosen, exact, numbers, of_programs};

use crate::{
    rest::Rest,
    system::{Kind, System},
};

const COLUMNS: [&str; 12] = [
    "system",
    "open",
    "opened, s",
    "MiB before → all open (peak)",
    "at rest, MiB",
    "at rest, % of a core",
    "Temporal at rest, MiB",
    "Temporal, % of a core",
    "requests to Temporal a minute",
    "ended and started again, s until ready",
    "then MiB (peak)",
    "then % of a core (Temporal)",
];

#[derive(Serialize)]
struct Row {
    system: &'static str,
    open: usize,
    opened_seconds: f64,
    memory_before: u64,
    memory_open: u64,
    memory_peak: u64,
    rest: Rest,
    ready_seconds: f64,
    again: Rest,
    variables: Vec<(String, String)>,
}

#[tokio::main]
async fn main() {
    let chosen = chosen(&["worker", "stack"]);
    let sizes = numbers("BENCH_OPEN", "0,1000");
    let (table, lines) = (Table::begin("Open processes", &COLUMNS), Lines::begin("open_processes"));
    for name in chosen {
        let kind = if name == "stack" { Kind::Stack } else { Kind::Worker };
        for open in &sizes {
            let row = Box::pin(measure(name, kind, *open)).await;
            table.row(&row.cells());
            lines.line(&row);
        }
    }
}

async fn measure(system: &'static str, kind: Kind, open: usize) -> Row {
    let variables = of_programs();
    let mut running = System::start(kind, &variables).await;
    let before = running.moment().await;
    let opened = running.open(open).await;
    let all_open = running.moment().await;
    let rest = running.rest().await;
    let begun = Instant::now();
    running.restart().await;
    let ready = begun.elapsed();
    let again = running.rest().await;
    Row {
        system,
        open,
        opened_seconds: opened.as_secs_f64(),
        memory_before: before.memory,
        memory_open: all_open.memory,
        memory_peak: all_open.peak,
        rest,
        ready_seconds: ready.as_secs_f64(),
        again,
        variables,
    }
}

impl Row {
    fn cells(&self) -> [String; COLUMNS.len()] {
        let Self { rest, again, .. } = self;
        [
            self.system.to_owned(),
            self.open.to_string(),
            format!("{:.1}", self.opened_seconds),
            format!("{} → {} ({})", self.memory_before, self.memory_open, self.memory_peak),
            rest.memory.to_string(),
            exact(rest.cpu_percent),
            rest.temporal_memory.to_string(),
            exact(rest.temporal_cpu_percent),
            rest.requests_a_minute.map_or_else(|| "–".to_owned(), exact),
            format!("{:.1}", self.ready_seconds),
            format!("{} ({})", again.memory, again.peak),
            format!("{} ({})", exact(again.cpu_percent), exact(again.temporal_cpu_percent)),
        ]
    }
}
