//! Fuzz targets: one function for each kind of thing that comes from outside.
//!
//! A function takes any bytes and panics when a promise is broken. The promises say more than that nothing panics: what
//! is read is written and read again as the same, unfit input is refused, and no text leaves its quotes. The files in
//! `fuzz_targets/` hand libFuzzer's bytes to these functions. `cargo test` hands them the corpus and some changes of it.
//! See "Fuzzing" in CONTRIBUTING.md.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "a target fails by a panic")]

#[cfg(feature = "http")]
mod answers;
#[cfg(feature = "temporal")]
mod histories;
mod ids;
mod json;
mod keeper;
#[cfg(feature = "services")]
mod lists;
mod messages;
mod money;
#[cfg(feature = "temporal")]
mod payloads;
#[cfg(feature = "temporal")]
mod queries;
#[cfg(feature = "services")]
mod requests;
mod snapshots;
#[cfg(test)]
mod tests;
mod values;

#[cfg(feature = "http")]
pub use self::answers::answers;
#[cfg(feature = "temporal")]
pub use self::{histories::histories, payloads::payloads, queries::queries};
pub use self::{ids::ids, messages::messages, money::money, snapshots::snapshots, values::values};
#[cfg(feature = "services")]
pub use self::{lists::lists, requests::requests};
