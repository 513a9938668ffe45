//! Measurements as JSON lines.

use std::{
    env,
    fs::{File, create_dir_all},
    io::Write,
    path::PathBuf,
};

use serde::Serialize;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench");

/// A file of JSON lines: `target/bench/<bench>.json`, or `BENCH_JSON`.
#[derive(Debug)]
pub struct Lines(File);

impl Lines {
    /// Creates the file, or empties it.
    ///
    /// # Panics
    /// Panics if it cannot be created.
    #[must_use]
    pub fn begin(bench: &str) -> Self {
        let default = || PathBuf::from(FOLDER).join(format!("{bench}.json"));
        let path = env::var_os("BENCH_JSON").map_or_else(default, PathBuf::from);
        if let Some(folder) = path.parent() {
            create_dir_all(folder).expect("a folder for what is measured");
        }
        Self(File::create(path).expect("a file for what is measured"))
    }

    /// Writes a line.
    ///
    /// # Panics
    /// Panics if it cannot be written.
    pub fn line(&self, what: &impl Serialize) {
        let line = serde_json::to_string(what).expect("a row as JSON");
        writeln!(&self.0, "{line}").expect("a file that takes a line");
    }
}
