//! The folder of one test run: databases and logs of everything that it starts.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::{Binaries, process::remove_at_the_end};

static RUN: OnceLock<PathBuf> = OnceLock::new();

/// Returns the run's folder. It is removed when the test process has ended, unless `IT_KEEP` is set.
pub(crate) fn run_dir(binaries: &Binaries) -> &'static Path {
    RUN.get_or_init(|| {
        let dir = tempfile::Builder::new().prefix("it-").tempdir().expect("a temporary folder").keep();
        if std::env::var_os("IT_KEEP").is_none() {
            // Its end of the pipe closes only when this process ends.
            std::mem::forget(remove_at_the_end(&binaries.supervisor, &dir));
        }
        dir
    })
}

/// Creates a folder within that of the run. It is removed with the value.
///
/// # Panics
/// Panics if it cannot be created.
#[must_use]
pub fn temp_dir(binaries: &Binaries, prefix: &str) -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).disable_cleanup(std::env::var_os("IT_KEEP").is_some());
    builder.tempdir_in(run_dir(binaries)).expect("a folder in the run's folder")
}
