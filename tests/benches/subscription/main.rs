//! Events a second that a subscription delivers to running instances, beside the signals a second that the client sends
//! to running empty workflows by itself, in the same run: `cargo bench -p tests --bench subscription [-- proceed start
//! single single-start one new]`.
//!
//! `BENCH_EVENTS=5000` sets how many events there are, `BENCH_INSTANCES=500` over how many instances,
//! `BENCH_AT_ONCE=32` how many requests the client has in flight by itself; a subscription has 32. `proceed` has events
//! that continue an instance, `start` such as may start it (the instances run all the same). All of them are in the log
//! at once, and those of one instance go together in a signal: in `single` and `single-start` there is one event for
//! each of a fifth as many instances, so that none go together. `one` has one instance for all, and in `new` each event
//! starts its instance, beside starts of empty workflows.
//!
//! Each measurement has a Temporal dev server of its own that keeps its data in a file. The worker is this program, and
//! the log is in its memory. Delivered is when the server dates the last event in an instance's history; handled is
//! when each instance has taken its events. The empty workflows are signalled twice: once while nobody runs them, so
//! that the server does nothing else, and once while a worker as that of the subscription does, which costs the server
//! and this program what a delivery costs them too. That they have handled is known for signals, not for starts.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured, and ends where a step fails"
)]

mod count;
mod delivered;
mod own;
mod row;
mod system;

use tests::bench::{Lines, Table, chosen, number};

use crate::row::{COLUMNS, Row};

#[tokio::main]
async fn main() {
    let chosen = chosen(&["proceed", "start", "single", "single-start", "one", "new"]);
    let (events, instances): (usize, usize) = (number("BENCH_EVENTS", "5000"), number("BENCH_INSTANCES", "500"));
    let at_once = number("BENCH_AT_ONCE", "32");
    let few = (events / 5).max(1);
    let row = |row| match row {
        "single" | "single-start" => {
            Row { row, events: few, instances: few, they_run: true, may_start: row == "single-start" }
        }
        "new" => Row { row, events: few, instances: few, they_run: false, may_start: true },
        "one" => Row { row, events, instances: 1, they_run: true, may_start: false },
        _ => Row { row, events, instances, they_run: true, may_start: row == "start" },
    };
    let (table, lines) = (Table::begin("Events by a subscription", &COLUMNS), Lines::begin("subscription"));
    let mut requests = Vec::new();
    for name in chosen {
        let measured = Box::pin(row(name).measure(at_once)).await;
        table.row(&measured.cells());
        lines.line(&measured);
        requests.push(measured.requests());
    }
    println!("\n{}", requests.join("\n"));
}
