//! The folder for all data, held by one stack at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
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

/// Exclusive use of the folder, until this is dropped or the process ends in any way.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
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
        let lock = File::create(folder.join("lock")).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
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
        drop(first);
        DataDir::hold(&folder).unwrap();
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
