//! ContractConfirmation: how many start in a second, and what the open ones cost.

use tests::bench::{Lines, Table, each, exact, memory, rate, seconds, whole};

use crate::system::System;

const COLUMNS: [&str; 11] = [
    "confirmations",
    "started, s",
    "starts/s",
    "handled/s",
    "server's own signals with start/s",
    "starts ÷ own",
    "events/confirmation",
    "longest history",
    "worker, MiB before → all open (peak)",
    "worker, CPU ms/start",
    "Temporal, CPU ms/start",
];

pub(crate) async fn run(sizes: &[usize], lines: &Lines) {
    let table = Table::begin("Starts of ContractConfirmation, from Contracts' log", &COLUMNS).with_lines(lines);
    for size in sizes {
        table.row(&measure(*size).await);
    }
}

async fn measure(confirmations: usize) -> Vec<String> {
    let system = System::start(&[]).await;
    let own = system.own(confirmations).await;
    let open = system.open(confirmations).await;
    let starts = rate(confirmations, open.started);
    let histories = system.sample(&open.customer).await;
    vec![
        confirmations.to_string(),
        seconds(open.started),
        whole(starts),
        whole(rate(confirmations, open.handled)),
        whole(own.starts),
        exact(starts / own.starts),
        exact(histories.each(histories.runs)),
        histories.longest.to_string(),
        memory(&open.used.worker),
        each(open.used.worker.cpu, confirmations),
        each(open.used.temporal.cpu, confirmations),
    ]
}
