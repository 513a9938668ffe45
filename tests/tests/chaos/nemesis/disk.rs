//! A disk that accepts nothing more: no file of the program may grow, because of a limit on the process.
//!
//! A write then fails with EFBIG, where a full disk fails with ENOSPC; SQLite ends the transaction for both.

use std::{fs, path::Path};

use crate::system::Slot;

/// Limits the program's files to half the size of its database's write-ahead log. Returns whether the limit was set.
pub(super) async fn fill(slot: &Slot, log: &Path) -> bool {
    let length = fs::metadata(log).map_or(0, |file| file.len());
    limit(slot, Some(length / 2)).await
}

/// Gives the disk room again.
pub(super) async fn empty(slot: &Slot) {
    limit(slot, None).await;
}

#[cfg(target_os = "linux")]
async fn limit(slot: &Slot, bytes: Option<u64>) -> bool {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let pid = slot.pid().await.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    pid.is_some_and(|pid| prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).is_ok())
}

#[cfg(not(target_os = "linux"))]
async fn limit(slot: &Slot, _: Option<u64>) -> bool {
    let _ = slot.pid().await;
    false
}
