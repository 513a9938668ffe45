//! The folder for all data, held by one stack at a time.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

/// The reason why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    #[error(
        "the data folder {folder:?} cannot be written ({source}): make it writable or set DATA_DIR to another folder"
    )]
    Unwritable { folder: PathBuf, source: io::Error },
    #[error("the data folder {folder:?} is in use by another run: end that run or set DATA_DIR to another folder")]
    InUse { folder: PathBuf },
}

/// Content of the lock file while a run uses the folder. A killed run leaves it there.
const IN_USE: &str = "in use";

/// Exclusive use of the folder, until this value is dropped or the process ends in any way.
#[derive(Debug)]
pub(crate) struct DataDir {
    lock: File,
    was_killed: bool,
}

impl DataDir {
    /// Creates the folder if necessary, and locks it.
    ///
    /// # Errors
    /// Returns [`DataDirError`], whose message says what to do.
    pub(crate) fn hold(folder: &Path) -> Result<Self, DataDirError> {
        let unwritable = |source| DataDirError::Unwritable { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(unwritable)?;
        // Two servers on one SQLite file would overwrite each other's data.
        let mut options = File::options();
        let mut lock = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))
            .map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Err(DataDirError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        let mut left = String::new();
        // We have not written any other content.
        let was_killed = lock.read_to_string(&mut left).is_ok() && left == IN_USE;
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| lock.write_all(IN_USE.as_bytes()))
            .map_err(unwritable)?;
        Ok(Self { lock, was_killed })
    }

    /// Returns whether the last run was killed. Its dev server may need a few seconds to end.
    pub(crate) fn was_killed(&self) -> bool {
        self.was_killed
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // The disk may be full: the next run then waits for free ports.
        let _ = self.lock.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_at_a_time_holds_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a").join("b");
        let first = DataDir::hold(&folder).unwrap();
        assert!(matches!(DataDir::hold(&folder), Err(DataDirError::InUse { .. })));
        assert!(!first.was_killed());
        drop(first);
        assert!(!DataDir::hold(&folder).unwrap().was_killed());
    }

    #[test]
    fn a_run_that_was_killed_is_known_by_what_it_left() {
        let folder = tempfile::tempdir().unwrap();
        let killed = DataDir::hold(folder.path()).unwrap();
        // The lock is released as at the end of the process, without dropping this value.
        killed.lock.unlock().unwrap();
        std::mem::forget(killed);
        assert!(DataDir::hold(folder.path()).unwrap().was_killed());
        assert!(!DataDir::hold(folder.path()).unwrap().was_killed());
    }

    #[test]
    fn a_folder_that_cannot_be_made_names_the_variable() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        let error = DataDir::hold(&file.join("data")).unwrap_err().to_string();
        assert!(error.contains("cannot be written") && error.contains("DATA_DIR"), "{error}");
    }
}
