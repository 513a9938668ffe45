//! Log lines: no program panics, and each line of a command about a process carries its id (V7).

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
};

use serde_json::{Value, json};

use super::{Found, words::text};
use crate::evidence::Evidence;

/// Commands about one process, as logged by the services.
const COMMANDS: [&str; 9] = [
    "/commands/mark-document-as-voided",
    "/commands/unmark-document-as-voided",
    "/commands/complete-document-voiding",
    "/commands/abort-document-voiding",
    "/commands/close-document-voiding",
    "/commands/withdraw-money",
    "/commands/deposit-money",
    "/commands/fail-money-transfer",
    "/commands/revoke-customer-contract",
];
/// Ends that reveal a fault of the program itself: a panic, and the signals of a memory fault or an abort.
const BAD_ENDS: [&str; 5] = ["Exit(101)", "Exit(134)", "Signal(6)", "Signal(11)", "Signal(4)"];

/// Returns the lines of all logs that break a rule.
pub(crate) fn read(logs: &BTreeMap<&str, PathBuf>) -> Vec<Value> {
    let mut lines = Vec::new();
    for (program, path) in logs {
        let Ok(file) = File::open(path) else { continue };
        for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if let Some(what) = wrong(program, &line) {
                lines.push(json!({"program": program, "line": line, "what": what}));
            }
        }
    }
    lines
}

/// Returns what is wrong with a line.
pub(crate) fn wrong(program: &str, line: &str) -> Option<&'static str> {
    if line.contains("panicked at") || line.contains("stack overflow") {
        return Some("panic");
    }
    // Malformed requests are refused before anybody knows of a process.
    let is_refused = line.contains("status=4");
    let is_command = COMMANDS.iter().any(|command| line.contains(command));
    let lacks_process = program != "temporal" && is_command && !line.contains("correlation_id=") && !is_refused;
    lacks_process.then_some("no process")
}

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    for line in &evidence.lines {
        let rule = if line["what"] == "panic" { "program" } else { "V7" };
        found.add(rule, text(&line["program"]), format!("{}: {}", text(&line["what"]), text(&line["line"])));
    }
    for end in &evidence.ends {
        let how = text(&end["end"]);
        found.unless(!BAD_ENDS.contains(&how), "program", text(&end["program"]), || {
            format!("it ended by itself: {how}")
        });
    }
}
