//! Tests whose programs this machine lacks.

use std::io::{Write, stderr};

/// Says on stderr that `test` is skipped because `program` is not installed.
///
/// # Panics
/// Panics if `CI` is set: there nothing may be skipped.
pub fn pass_over(test: &str, program: &str) {
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!is_ci, "{test}: {program} is not installed");
    // Not eprintln!: its output is shown only for failed tests. One write, so that lines stay whole.
    let line = format!("\npassed over, as {program} is not installed: {test}\n");
    let _ = stderr().write_all(line.as_bytes());
}
