//! The scenarios of SCENARIOS.md on a real Temporal server, one test each, named after its id.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a step that fails is a test that fails")]

mod attention;
mod batches;
mod beyond;
mod bounds;
mod deliveries;
mod ended;
mod envelopes;
mod floods;
mod handling;
mod keys;
mod load;
mod operator_client;
mod operators;
mod probe;
mod routing;
mod server;
mod subscription;
mod timers;
mod turns;
mod upgrade;
mod versions;
mod waits;
mod world;

/// Returns the ids of the rows that begin with one, such as `R01`.
fn documented() -> std::collections::BTreeSet<String> {
    let rows = include_str!("../SCENARIOS.md").lines().filter_map(|line| line.strip_prefix("| "));
    let ids = rows.filter_map(|row| row.split_once(' ')).map(|(id, _)| id.to_lowercase());
    ids.filter(|id| id.len() == 3 && id[1..].chars().all(|digit| digit.is_ascii_digit())).collect()
}

#[test]
fn every_scenario_has_a_test_and_every_test_its_scenario() {
    let folders = ["/tests/scenarios", "/tests/scenarios/batches"];
    let folder = |folder| std::fs::read_dir(format!("{}{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let files = folders.into_iter().flat_map(folder);
    let sources = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default());
    let sources: String = sources.collect();
    let tests = sources.split("\nasync fn ").skip(1).filter_map(|test| test.split_once('_')).map(|(id, _)| id);
    let tests = tests.filter(|id| id.len() == 3 && id[1..].chars().all(|digit| digit.is_ascii_digit()));
    assert_eq!(tests.map(str::to_owned).collect::<std::collections::BTreeSet<_>>(), documented());
}
