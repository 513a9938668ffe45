//! Descriptors: each connection needs one.

use std::sync::OnceLock;

/// The soft limit to request, if the hard one allows it.
const WANTED: u64 = 16_384;
/// One in this many descriptors is for the connections of one program: `cargo run` has six programs in a process, and
/// databases, clients and files need some as well.
const PART: u64 = 8;

/// Returns how many connections one program may have. The first call raises the process's soft limit of descriptors.
pub(super) fn share() -> usize {
    static SHARE: OnceLock<usize> = OnceLock::new();
    *SHARE.get_or_init(|| share_of(raised()))
}

fn share_of(descriptors: u64) -> usize {
    usize::try_from(descriptors / PART).unwrap_or(usize::MAX).max(1)
}

#[cfg(unix)]
fn raised() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let (Some(current), wanted) = (limit.current, limit.maximum.map_or(WANTED, |hard| hard.min(WANTED))) else {
        return u64::MAX;
    };
    if current >= wanted {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!("the limit of open files stays {current}: {error}");
            current
        }
    }
}

#[cfg(not(unix))]
fn raised() -> u64 {
    WANTED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_use_an_eighth_of_the_descriptors() {
        assert_eq!((WANTED, share_of(WANTED), share_of(1_024), share_of(1)), (16_384, 2_048, 128, 1));
    }
}
