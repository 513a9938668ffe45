//! A credit change and its parts, beside a plain loop against the same service and the server's own rates in the same run:
//! `cargo bench -p tests --bench credit_changes [-- batch confirmations reminders credit-change]`.
//!
//! `BENCH_ITEMS=100,1000` sets the sizes, one row each; `BENCH_REMINDERS_PER_SECOND=10` how often customers are reminded.
//! Each row has a system of its own on loopback: Contracts on SQLite, the worker, and a Temporal dev server that keeps its
//! data in a file. The worker calls Contracts without a proxy between. The plain loop sends the same commands to the same
//! Contracts, as many at once as the batch, without Temporal.
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

use std::{env, str::FromStr};

#[tokio::main]
async fn main() {
    let sizes = variable("BENCH_ITEMS", "100,1000");
    let sizes: Vec<usize> = sizes.split(',').map(|size| parse("BENCH_ITEMS", size)).collect();
    let per_second = parse("BENCH_REMINDERS_PER_SECOND", &variable("BENCH_REMINDERS_PER_SECOND", "10"));
    // Cargo adds `--bench`.
    let chosen: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let known = ["batch", "confirmations", "reminders", "credit-change"];
    let unknown = chosen.iter().find(|name| !known.contains(&name.as_str()));
    assert_eq!(unknown, None, "there is {known:?}");
    for name in known.into_iter().filter(|name| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name)) {
        match name {
            "batch" => batch::run(&sizes).await,
            "confirmations" => confirmations::run(&sizes).await,
            "reminders" => reminders::run(&sizes, per_second).await,
            _ => credit_change::run(&sizes).await,
        }
    }
}

fn variable(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn parse<T: FromStr>(name: &str, text: &str) -> T {
    text.trim().parse().unwrap_or_else(|_| panic!("{name}: {text:?} is no number"))
}
