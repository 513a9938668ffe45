//! Time and identity.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// Returns the time in microseconds: no database here keeps more, and an answer must equal what is read later.
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Returns a new UUIDv7.
#[must_use]
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}
