//! Lines on stderr that also appear for a test that succeeds.

use std::io::{Write, stderr};

/// Writes the line at once, whatever the test runner captures.
pub(crate) fn say(line: &str) {
    let _ = stderr().write_all(format!("\n{line}\n").as_bytes());
}
