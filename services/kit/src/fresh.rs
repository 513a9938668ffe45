//! Time and identity.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// The time, in microseconds: no database here keeps more, and an answer must say what will be read later.
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// A new UUIDv7.
#[must_use]
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}
