//! Events per second that a subscription delivers to running instances, beside the signals per second that the client
//! alone sends to running empty workflows, in the same run: `cargo bench -p tests --bench subscription [-- proceed
//! start single single-start one new]`.
//!
//! `BENCH_EVENTS=5000` sets the number of events, `BENCH_INSTANCES=500` the number of instances, and `BENCH_AT_ONCE=32`
//! how many requests the client alone has in flight; a subscription has 32. `proceed` has events that continue an
//! instance, `start` events that may start it (the instances already run). All events are in the log at once, and those
//! of one instance go together in a signal. In `single` and `single-start` there is one event for each of a fifth as
//! many instances, so that none go together. `one` has one instance for all events. In `new` each event starts its
//! instance, beside starts of empty workflows.
//!
//! Each measurement has its own Temporal dev server, which keeps its data in a file. The worker is this program, and
//! the log is in its memory. *Delivered* is the server's time of the last event in an instance's history; *handled* is
//! when each instance has received its events. The empty workflows are signalled twice. The first time nobody runs
//! them, so that the server does nothing else. The second time a worker like that of the subscription runs them, which
//! costs the server and this program as much as a delivery does. *Handled* is known for signals, not for starts.
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
