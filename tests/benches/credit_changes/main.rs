//! A credit change and its parts, beside a plain loop against the same service and the server's own rates in the same
//! run: `cargo bench -p tests --bench credit_changes [-- batch confirmations reminders credit-change]`.
//!
//! `BENCH_ITEMS=100,1000` sets the sizes, one row each; `BENCH_REMINDERS_PER_SECOND=10` sets how often customers are
//! reminded. Each row has its own system on loopback: Contracts on SQLite, the worker, and a Temporal dev server that
//! keeps its data in a file. The worker calls Contracts without a proxy. The plain loop sends the same commands to the
//! same Contracts, as many concurrently as the batch, without Temporal.
#![expect(clippy::unwrap_used, reason = "a bench ends where a step fails")]

mod batch;
mod confirmations;
mod credit_change;
mod histories;
mod open;
mod own;
mod plain;
mod reminders;
mod system;

use tests::bench::{Lines, chosen, number, numbers};

#[tokio::main]
async fn main() {
    let (sizes, per_second) = (numbers("BENCH_ITEMS", "100,1000"), number("BENCH_REMINDERS_PER_SECOND", "10"));
    let lines = Lines::begin("credit_changes");
    for name in chosen(&["batch", "confirmations", "reminders", "credit-change"]) {
        match name {
            "batch" => batch::run(&sizes, &lines).await,
            "confirmations" => confirmations::run(&sizes, &lines).await,
            "reminders" => reminders::run(&sizes, per_second, &lines).await,
            _ => credit_change::run(&sizes, &lines).await,
        }
    }
}
