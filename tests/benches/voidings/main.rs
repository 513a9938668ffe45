//! Voidings and money transfers per second and their latency, beside an empty workflow and the same process with
//! regular activities only, all in one run: `cargo bench -p tests --bench voidings [-- a b c d e f g h i]`.
//!
//! `BENCH_AT_ONCE=1,50` sets how many are in flight, `BENCH_VOIDINGS=2000` how many there are in a row (a tenth of them
//! one at a time). `BENCH_ROUNDS=3` measures all rows this often, alternating; a ratio is the median of the rounds'
//! ratios. The rows go to stdout in Markdown, and as JSON lines to `target/bench/voidings.json` or to `BENCH_JSON`.
//!
//! Each row has its own Temporal dev server, which keeps its data in a file, and begins with a warm-up. In the rows a
//! to e the worker is another instance of this program, with the settings of the real one, in front of services that
//! accept at once. The rows f to i are the real system on SQLite, with its documents written directly to the databases.
//!
//! Latency is the time from before the start request until the answer to a long poll for the close event, as the SDK's
//! `get_result` waits. In each row this program waits, on its own connection: the next workflow begins when the answer
//! has arrived, and the worker's CPU is not involved.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured, and ends where a step fails"
)]

mod aims;
mod host;
mod hosted;
mod kinds;
mod load;
mod real;
mod report;
mod row;
mod start;
mod stub;

use std::env;

use tests::bench::{number, numbers};

use crate::{
    aims::AIMS,
    load::Load,
    report::Report,
    row::{ROWS, Row},
};

#[tokio::main]
async fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [host::ARGUMENT, address, namespace, services] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..]
    {
        return Box::pin(host::run(address, namespace, services)).await;
    }
    let known = ROWS.map(|row| row.name);
    let unknown = arguments.iter().find(|name| !known.contains(&name.as_str()));
    assert_eq!(unknown, None, "there is {known:?}");
    let (at_once, voidings) = (numbers("BENCH_AT_ONCE", "1,50"), number("BENCH_VOIDINGS", "2000"));
    let rounds: usize = number("BENCH_ROUNDS", "1");
    let services = stub::start().await;
    let mut report = Report::begin();
    for at_once in &at_once {
        let load = Load::new(*at_once, voidings);
        let chosen = |row: &&Row| arguments.is_empty() || arguments.iter().any(|name| name == row.name);
        for row in (0..rounds).flat_map(|_| ROWS.iter().filter(&chosen)) {
            report.row(Box::pin(row.measure(load, &services)).await);
        }
    }
    report.ratios(&AIMS, &at_once);
}
