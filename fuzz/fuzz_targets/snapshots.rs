//! See [`fuzz::snapshots`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::snapshots(data));
