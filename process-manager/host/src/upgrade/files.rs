//! The folder of histories: `<workflow id>.<run id>.json`, with `….decisions.json` beside each.

use std::{
    fs,
    path::{Path, PathBuf},
};

use process_manager::decisions::Step;
use serde::{Deserialize, Serialize};

use super::{UpgradeError, routing::Routing};

const HISTORY: &str = ".json";
const DECISIONS: &str = ".decisions.json";
/// Maximum length of a workflow's id in a file name, in characters.
const LONGEST: usize = 80;

/// The decisions of some code in a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Decisions {
    /// The `VERSION` of the code.
    pub(super) version: u32,
    /// The reason why it cannot continue the run, if it cannot.
    pub(super) failure: Option<String>,
    pub(super) steps: Vec<Step>,
    /// How the code routes the events that the run has received.
    pub(super) routes: Vec<Routing>,
}

/// Returns the files of the histories, in the order of their names.
pub(super) fn histories(folder: &Path) -> Result<Vec<PathBuf>, UpgradeError> {
    let entries =
        fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(|error| of(folder, error))?;
    let is_history =
        |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(HISTORY) && !path.ends_with(DECISIONS));
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(is_history).collect();
    files.sort();
    Ok(files)
}

/// Creates the folder; it must have no files.
pub(super) fn create(folder: &Path) -> Result<(), UpgradeError> {
    fs::create_dir_all(folder).map_err(|error| of(folder, error))?;
    let mut entries = fs::read_dir(folder).map_err(|error| of(folder, error))?;
    match entries.next() {
        Some(_) => Err(UpgradeError::NotEmpty(folder.to_owned())),
        None => Ok(()),
    }
}

/// Returns the file for the history of a run.
pub(super) fn history(folder: &Path, workflow_id: &str, run_id: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let name: String = workflow_id.chars().take(LONGEST).map(plain).collect();
    folder.join(format!("{name}.{run_id}{HISTORY}"))
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), UpgradeError> {
    fs::write(path, bytes).map_err(|error| of(path, error))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, UpgradeError> {
    fs::read(path).map_err(|error| of(path, error))
}

pub(super) fn keep_decisions(history: &Path, decisions: &Decisions) -> Result<(), UpgradeError> {
    let path = decisions_of(history);
    let bytes = serde_json::to_vec(decisions).map_err(|error| of(&path, error.into()))?;
    write(&path, &bytes)
}

/// Returns what was recorded about a history; `None` if nothing was.
pub(super) fn decisions(history: &Path) -> Result<Option<Decisions>, UpgradeError> {
    let path = decisions_of(history);
    if !path.exists() {
        return Ok(None);
    }
    let decisions = serde_json::from_slice(&read(&path)?).map_err(|error| of(&path, error.into()))?;
    Ok(Some(decisions))
}

fn decisions_of(history: &Path) -> PathBuf {
    history.with_extension(&DECISIONS[1..])
}

fn of(path: &Path, error: std::io::Error) -> UpgradeError {
    UpgradeError::File { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_has_a_name_that_any_file_system_takes() {
        let path = history(Path::new("f"), "Sell-a/b ü", "0-1");
        assert_eq!(path, Path::new("f/Sell-a_b__.0-1.json"));
        assert_eq!(decisions_of(&path), Path::new("f/Sell-a_b__.0-1.decisions.json"));
        assert!(history(Path::new("f"), &"x".repeat(300), "0-1").to_str().is_some_and(|path| path.len() < 100));
    }
}
