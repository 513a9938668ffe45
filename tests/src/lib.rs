//! Harness and end-to-end tests on a real Temporal dev server.
