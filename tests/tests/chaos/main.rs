//! Chaos: clients send requests at random while a nemesis kills, cuts, delays, fills and locks. Afterwards a checker
//! that shares no code with the system proves from the *answers* to the clients that every rule has held.
//!
//! ```sh
//! cargo test -p tests --test chaos                                       # a short run
//! CHAOS_MINUTES=10 cargo test -p tests --test chaos -- --nocapture       # a long one, with many more faults
//! CHAOS_SEED=7 cargo test -p tests --test chaos                          # the schedule of the run that printed 7
//! ```
//! `plan` chooses by the seed; `system` starts the real programs; `clients` record their answers in `history`;
//! `nemesis` does the harm; `settle` waits until everything has ended or waits visibly; `evidence` reads all logs,
//! databases and histories independently, and `checker` judges them. `planted` shows that the checker can fail.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a step that fails is a test that fails")]

mod checker;
mod clients;
mod evidence;
mod history;
mod nemesis;
mod plan;
mod planted;
mod report;
mod run;
mod say;
mod settle;
mod system;

#[test]
fn every_rule_holds_after_a_time_of_chaos() {
    let plan = plan::Plan::from_env();
    say::say(&format!("chaos: CHAOS_SEED={} for {} s; {}", plan.seed, plan.time.as_secs(), plan.describe()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // In a separate thread: the harness's clock, which ends a test after ten minutes, watches the test's own thread.
    let run = std::thread::spawn(move || runtime.block_on(Box::pin(run::run(plan))));
    let report = run.join().expect("the run itself does not fail");
    say::say(&report.to_string());
    assert!(report.is_clean(), "{report}");
}

#[test]
#[ignore = "judges once more what a run has left in the folder CHAOS_KEEP"]
fn every_rule_holds_in_the_evidence_that_was_kept() {
    let folder = std::path::PathBuf::from(std::env::var_os("CHAOS_KEEP").expect("CHAOS_KEEP is set"));
    let evidence: evidence::Evidence =
        serde_json::from_slice(&std::fs::read(folder.join("evidence.json")).unwrap()).unwrap();
    let found = checker::check(&evidence);
    assert!(found.is_empty(), "{found:#?}");
}
