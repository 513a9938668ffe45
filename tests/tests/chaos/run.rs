//! One run, from its start to the verdict.

use std::{collections::BTreeMap, fs, sync::Arc};

use serde_json::{Value, json};
use tests::binaries;
use tokio::time::Instant;

use crate::{
    checker,
    clients::{Addresses, Client, RATED, World},
    evidence::{Evidence, Reader},
    history::History,
    nemesis::{self, Tally},
    plan::Plan,
    report::Report,
    say::say,
    settle::settle,
    system::System,
};

const CLIENT_TARGETS: [&str; 7] = ["billing", "reports", "accounts", "contracts", "api-1", "api-2", "temporal"];

/// Starts the system, lets clients and nemesis work, heals, waits, reads and judges.
pub(crate) async fn run(plan: Plan) -> Report {
    let begun = Instant::now();
    let system = Arc::new(System::start(&plan, binaries!()).await);
    let supervisor = tokio::spawn(System::supervise(system.slots.values().cloned().collect()));
    let urls: BTreeMap<_, _> = CLIENT_TARGETS.iter().map(|name| (*name, system.url_for_clients(name))).collect();
    let (addresses, history) = (Arc::new(Addresses::new(urls)), Arc::new(History::new()));
    let (world, tally) = (Arc::new(World::default()), Arc::new(Tally::default()));
    let mut first = Client::new(0, &plan, &world, &addresses, &history);
    first.prepare(plan.contracts).await;
    say(&format!("chaos: ready after {} s", begun.elapsed().as_secs()));

    let until = Instant::now() + plan.time;
    let mut clients = tokio::task::JoinSet::new();
    for number in 1..=plan.clients {
        let client = Client::new(number, &plan, &world, &addresses, &history);
        clients.spawn(client.work(until, plan.pause));
    }
    let planned = nemesis::schedule(&plan, system.links.len(), system.wires.len());
    nemesis::run(Arc::clone(&system), planned, Arc::clone(&tally)).await;
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client does not fail");
    }
    nemesis::heal(&system).await;
    say(&format!("chaos: healed after {} s", begun.elapsed().as_secs()));

    let reader = reader(&system);
    let unseen = settle(&reader, &mut first, plan.time).await;
    say(&format!("chaos: settled after {} s", begun.elapsed().as_secs()));
    let mut evidence = Evidence::read(&reader, &RATED).await;
    evidence.history = history.lines();
    evidence.unseen = unseen;
    evidence.commands = commands(&system);
    evidence.ends = ends(&system);
    evidence.lines = checker::lines::read(&system.slots.values().map(|slot| (slot.name, slot.log())).collect());
    supervisor.abort();
    let report = Report::new(&plan, &system, &tally, &evidence, checker::check(&evidence), begun.elapsed());
    keep(&system, &evidence, &report);
    report
}

fn reader(system: &System) -> Reader {
    let urls = system.slots.iter().map(|(name, slot)| (*name, slot.url())).collect();
    Reader::new(urls, system.databases.clone(), system.temporal.clone())
}

/// Returns what workers have sent, as seen by the proxies.
fn commands(system: &System) -> Vec<Value> {
    let from_workers = system.links.iter().filter(|link| link.from.starts_with("worker"));
    let sent =
        from_workers.flat_map(|link| link.proxy.requests_to("/commands/").into_iter().map(move |it| (link.to, it)));
    sent.map(|(to, it)| {
        let (key, correlation) = (it.header("idempotency-key"), it.header("x-correlation-id"));
        json!({"to": to, "path": it.path, "key": key, "correlation": correlation, "body": it.json(), "status": it.status})
    })
    .collect()
}

fn ends(system: &System) -> Vec<Value> {
    let ends = system.slots.values().flat_map(|slot| slot.own_ends().into_iter().map(|end| (slot.name, end)));
    ends.map(|(program, end)| json!({"program": program, "end": format!("{end:?}")})).collect()
}

/// Keeps evidence and logs of a run that broke a rule, or of any run if `CHAOS_KEEP` names a folder.
fn keep(system: &System, evidence: &Evidence, report: &Report) {
    let asked = std::env::var_os("CHAOS_KEEP").map(std::path::PathBuf::from);
    let folder = match asked {
        Some(folder) => folder,
        None if report.is_clean() => return,
        None => std::env::temp_dir().join(format!("chaos-{}", report.seed)),
    };
    let is_kept = fs::create_dir_all(&folder).is_ok();
    for entry in fs::read_dir(system.folder()).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "log") {
            let _ = fs::copy(entry.path(), folder.join(entry.file_name()));
        }
    }
    let _ = fs::write(folder.join("evidence.json"), serde_json::to_vec(evidence).unwrap_or_default());
    let _ = fs::write(folder.join("report.txt"), report.to_string());
    if is_kept {
        say(&format!("chaos: evidence and logs are in {}", folder.display()));
    }
}
