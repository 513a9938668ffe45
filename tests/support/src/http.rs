//! The HTTP client of the tests.

use std::sync::LazyLock;

use crate::STALL;

/// Each test has its own runtime, so no connection outlives its call.
static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(STALL);
    builder.build().expect("an HTTP client")
});

/// Returns an HTTP client for any address.
#[must_use]
pub fn http() -> &'static reqwest::Client {
    &CLIENT
}
