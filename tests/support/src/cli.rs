//! The Temporal CLI, found as `cargo run` finds it.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
};

/// Returns the path of the Temporal CLI. The first call may download it.
///
/// # Panics
/// Panics if there is none.
#[must_use]
pub fn temporal_cli() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let data_dir = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.data"));
        let find = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(temporal_cli::find(data_dir))
        };
        // A runtime cannot be started within the test's own.
        let found = thread::spawn(find).join().expect("the search does not panic");
        found.unwrap_or_else(|error| panic!("{error}"))
    })
}
