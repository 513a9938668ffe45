//! Issues and voids documents.
