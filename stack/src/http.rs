//! The HTTP client of the stack itself.

use reqwest::ClientBuilder;

/// A builder for a client; TLS is rustls with ring.
pub(crate) fn client_builder() -> ClientBuilder {
    // Fails when it is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ClientBuilder::new()
}
