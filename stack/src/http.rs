//! The HTTP client of the stack itself.

use reqwest::ClientBuilder;

/// Returns a builder for a client; TLS is rustls with ring.
pub(crate) fn client_builder() -> ClientBuilder {
    // Fails if a provider is already installed, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ClientBuilder::new()
}
