//! How long the whole system takes from the start of its program (`cargo run`, without building) until it can work, and
//! until the first voiding is done: `cargo bench -p tests --bench start_up`.
//!
//! `BENCH_STARTS=5` sets how often: each time in an empty folder, then again in the folder that the first run has left.
//! Beside it, a Temporal dev server alone, with its data in a file, until its namespace can be used.
//! `BENCH_VARIABLES=…` gives variables to the program.
#![expect(clippy::unwrap_used, reason = "a bench ends where a step fails")]

use std::time::{Duration, Instant};

use messages::voiding::VoidingState;
use serde_json::json;
use tests::{
    Env,
    bench::{Lines, Machine, Table, exact, number, of_programs},
    binaries,
    calls::{Api, Billing, Reports},
    sample,
};
use tokio::time::sleep;

const COLUMNS: [&str; 6] =
    ["median (slowest), s", "Temporal alone", "api ready", "all ready", "first voiding done", "all ready ÷ Temporal"];
const ASK_EVERY: Duration = Duration::from_millis(5);

/// Times from the start of the program.
#[derive(Default)]
struct Times {
    api: Vec<Duration>,
    all: Vec<Duration>,
    voiding: Vec<Duration>,
}

#[tokio::main]
async fn main() {
    let starts: usize = number("BENCH_STARTS", "5");
    let (mut alone, mut empty, mut left) = (Vec::new(), Times::default(), Times::default());
    for _ in 0..starts {
        let begun = Instant::now();
        let temporal = Env::builder(binaries!()).temporal_only().start().await;
        alone.push(begun.elapsed());
        drop(temporal);
        let mut machine = Machine::new(&binaries!(), &of_programs());
        empty.add(&mut machine).await;
        left.add(&mut machine).await;
    }
    let (table, lines) = (Table::begin("Start of the whole system", &COLUMNS), Lines::begin("start_up"));
    for (folder, times) in [("empty folder", &empty), ("the same folder again", &left)] {
        let ratio = median(&times.all).as_secs_f64() / median(&alone).as_secs_f64();
        let cells = [&alone, &times.api, &times.all, &times.voiding].map(|times| cell(times));
        let [alone, api, all, voiding] = cells;
        table.row(&[folder.to_owned(), alone, api, all, voiding, exact(ratio)]);
    }
    for (folder, times) in [("empty", &empty), ("left", &left)] {
        lines.line(&json!({
            "folder": folder, "temporal_alone": in_seconds(&alone), "api_ready": in_seconds(&times.api),
            "all_ready": in_seconds(&times.all), "first_voiding": in_seconds(&times.voiding),
        }));
    }
}

impl Times {
    /// Starts the program, has a document voided, and ends it.
    async fn add(&mut self, machine: &mut Machine) {
        let begun = Instant::now();
        machine.spawn();
        machine.ready("API").await;
        self.api.push(begun.elapsed());
        machine.all_ready().await;
        self.all.push(begun.elapsed());
        void(machine).await;
        self.voiding.push(begun.elapsed());
        machine.stop().await;
    }
}

/// Issues a document, and voids it as soon as Reports knows it.
async fn void(machine: &Machine) {
    let new = sample::invoice(&sample::customer_id());
    let document = Billing::new(machine.url("BILLING")).issue(&new).await.ok_as(201);
    let reports = Reports::new(machine.url("REPORTS"));
    while reports.reports_of(&document.customer_id).await.is_empty() {
        sleep(ASK_EVERY).await;
    }
    let voiding = Api::new(machine.url("API")).post_voiding_to_its_end(&document.document_id).await.ok();
    assert_eq!(voiding.state, VoidingState::DocumentVoided);
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_owned();
    sorted.sort();
    sorted[(sorted.len() - 1) / 2]
}

fn cell(times: &[Duration]) -> String {
    format!("{} ({})", exact(median(times).as_secs_f64()), exact(times.iter().max().unwrap().as_secs_f64()))
}

fn in_seconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(Duration::as_secs_f64).collect()
}
